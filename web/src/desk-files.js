/** A screen of the desk. */

/** @import {DeskPage} from "./desk-page.js" */

/** Show it. @param {DeskPage} page */
export function open(page) {
  page.show("desk-files");
}
