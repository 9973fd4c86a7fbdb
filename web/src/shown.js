/**
 * What a page shows: a `<template>`, filled with words.
 *
 * A screen is made anew each time and replaces what was there. Nothing of the traveller before is left in a node that
 * is used again, in what undo brings back, or in what a form remembers.
 */
import { translate, write } from "./words.js";

/**
 * Make a template's content.
 *
 * @param {string} id
 * @returns {HTMLElement} its one element
 */
export function made(id) {
  const template = /** @type {HTMLTemplateElement} */ (document.getElementById(id));
  const content = /** @type {DocumentFragment} */ (document.importNode(template.content, true));
  const element = /** @type {HTMLElement} */ (content.firstElementChild);
  translate(element);
  return element;
}

/**
 * A marked part of an element.
 *
 * @param {ParentNode} root
 * @param {string} name
 */
export function part(root, name) {
  const element = root.querySelector(`[data-part="${name}"]`);
  if (!element) throw new Error(`no part ${name}`);
  return /** @type {HTMLElement} */ (element);
}

/**
 * Write a text into a part; the part is hidden where there is none.
 *
 * @param {ParentNode} root
 * @param {string} name
 * @param {string | (() => string)} text as `write` takes it
 */
export function say(root, name, text) {
  const element = write(part(root, name), text);
  element.hidden = !element.textContent;
}

/**
 * Mark a button as pressed until its work is done. Unlike a disabled one it keeps its focus.
 *
 * @param {HTMLElement} button
 * @returns {boolean} whether it was marked already
 */
export function isBusy(button) {
  const before = button.hasAttribute("aria-disabled");
  button.setAttribute("aria-disabled", "true");
  return before;
}

/**
 * Have a part show one of the shapes of the page.
 *
 * @param {ParentNode} root
 * @param {string} shape
 */
export function shape(root, shape) {
  part(root, "shape").setAttribute("href", `#shape-${shape}`);
}

/**
 * Show in place of all screens that the page could not start, and let it be loaded again: nothing listens yet.
 *
 * @param {string} what
 */
export function showTrouble(what) {
  const trouble = made("screen-trouble");
  say(trouble, "what", what);
  part(document, "main").replaceChildren(trouble);
  document.body.dataset.screen = "trouble";
  /** @type {HTMLElement | null} */ (trouble.querySelector("h1"))?.focus();
  trouble.querySelector("[data-act=restart]")?.addEventListener("click", () => location.reload());
}
