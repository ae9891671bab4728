// How much is new stands before the title and as a dot on the icon; from "live-fresh" (rows of the list) and
// "live-unseen" (messages of the open ticket) events. A button leads to messages that are out of sight.
const icon = document.querySelector("link[rel=icon]");
const usual = icon?.href;
let [fresh, unseen] = [0, []];

function count() {
  const all = fresh + unseen.length;
  document.title = (all ? `(${all}) ` : "") + document.title.replace(/^\(\d+\) /, "");
  const dotted = document.querySelector("live-list")?.dataset.icon;
  if (icon && dotted) icon.href = all ? dotted : usual;
}

function lead() {
  const live = document.querySelector("live-ticket");
  let button = document.querySelector(".jump");
  if (!unseen.length || document.hidden) button?.remove();
  else if (!button && live) {
    button = Object.assign(document.createElement("button"), { type: "button", className: "button button--small jump", textContent: `↓ ${live.dataset.jump}` });
    button.addEventListener("click", () => document.getElementById(`message-${Math.min(...unseen)}`)?.scrollIntoView({ block: "nearest" }));
    live.parentElement.append(button);
  }
}

document.addEventListener("live-fresh", (event) => { fresh = event.detail; count(); });
document.addEventListener("live-unseen", (event) => { unseen = event.detail; count(); lead(); });
document.addEventListener("htmx:afterSettle", count);
