// <rail-fold>: folds the rail to a strip on wide windows, remembered in this browser; and shows the open page's link in it.
const FOLDED = "rail-folded";

const remembered = () => { try { return localStorage.getItem(FOLDED) === "1"; } catch { return false; } };
document.documentElement.classList.toggle(FOLDED, remembered());

customElements.define("rail-fold", class extends HTMLElement {
  connectedCallback() {
    this.button = this.querySelector("button");
    this.button.addEventListener("click", () => this.fold(!document.documentElement.classList.contains(FOLDED)));
    this.tell();
    this.closest(".rail")?.querySelector(".rail__scroll [aria-current]")?.scrollIntoView({ block: "nearest" });
  }

  fold(folded) {
    document.documentElement.classList.toggle(FOLDED, folded);
    try { localStorage.setItem(FOLDED, folded ? "1" : "0"); } catch { /* Folded on this page only. */ }
    this.tell();
  }

  tell() {
    this.button.setAttribute("aria-expanded", String(!document.documentElement.classList.contains(FOLDED)));
  }
});
