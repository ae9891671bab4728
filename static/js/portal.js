import "./confirm-dialog.js";
import "./draft-keeper.js";
import "./file-picker.js";
import "./relative-time.js";
import "./toast-list.js";
