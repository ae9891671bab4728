// "press-button" on a button presses it, also one in a closed menu. What it opens appears beside the button of that menu then:
// beside one that is not drawn, a popover would lie in the corner of the window.
addEventListener("press-button", ({ target: button }) => {
  const opened = button.popoverTargetElement, menu = button.closest("[popover]");
  const opener = opened && menu && !button.checkVisibility() && document.querySelector(`[popovertarget="${menu.id}"]`);
  if (opener) opened.togglePopover({ source: opener });
  else button.click();
});
