// <live-preview>: presses its first button, which shows the form in a frame, a moment after something was typed.
customElements.define("live-preview", class extends HTMLElement {
  connectedCallback() {
    const button = this.querySelector("button");
    const show = () => button.form.requestSubmit(button);
    let waiting;
    button.form.addEventListener("input", (event) => {
      if (event.target.type === "file") return;
      clearTimeout(waiting);
      waiting = setTimeout(show, 400);
    });
    show();
  }
});
