import "./confirm-dialog.js";
import "./draft-keeper.js";
import "./file-picker.js";
import "./form-branches.js";
import "./open-tickets.js";
import "./relative-time.js";
import "./toast-list.js";
import "./topic-questions.js";
