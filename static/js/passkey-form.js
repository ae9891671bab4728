// <passkey-form data-mode data-failed>: before its form is sent, asks the device for a passkey, or with data-mode="add"
// to make one. What is asked stands in the JSON of #data-options, or is fetched from the form's own address. A form that
// is hidden shows only where the device could answer.
const could = window.PublicKeyCredential?.parseRequestOptionsFromJSON && PublicKeyCredential.parseCreationOptionsFromJSON;

customElements.define("passkey-form", class extends HTMLElement {
  connectedCallback() {
    this.form = this.querySelector("form");
    if (could) this.form.hidden = false;
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.ask();
    });
  }

  async ask() {
    const told = this.querySelector("[role=alert]");
    told.textContent = "";
    try {
      this.form.elements.credential.value = JSON.stringify(await this.credential());
      this.form.submit();
    } catch {
      told.textContent = this.dataset.failed;
    }
  }

  async credential() {
    const wanted = (await this.options()).publicKey;
    if (this.dataset.mode !== "add") {
      return (await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(wanted) })).toJSON();
    }
    wanted.authenticatorSelection = {
      ...wanted.authenticatorSelection, residentKey: "required", requireResidentKey: true, userVerification: "required",
    };
    return (await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(wanted) })).toJSON();
  }

  async options() {
    const all = this.dataset.options
      ? JSON.parse(document.getElementById(this.dataset.options).textContent)
      : await (await fetch(this.form.action, { headers: { Accept: "application/json" } })).json();
    return all.creation_options ?? all.request_options;
  }
});
