/**
 * From one device to another without a network: codes that change on one screen, a camera before it.
 *
 *     held -> age file under a drawn code -> frames -> QR codes, round and round
 *         -> the other camera -> frames -> age file -> the code, typed -> held there
 *
 * 1. The code is shown first and alone; while the frames run it is not on the screen, so that who films
 *    them has ciphertext.
 * 2. The sender learns nothing of the receiver and keeps what it has.
 */

import { grouped, newCode, sealBackup, TRANSFER_WORK, typedCode } from "./age.js";
import { drawing } from "./code.js";
import { Collector, frames, SHOWN } from "./frames.js";
import { backupOf } from "./holdings.js";
import { session } from "./session.js";
import { lookThrough } from "./wallet-camera.js";
import { receiveBackup } from "./wallet-keep.js";
import { byId, hide, notify, shown } from "./wallet-parts.js";
import { t } from "./words.js";

export function wireTransfer() {
  byId("transfer-send", "button").addEventListener("click", send);
  byId("transfer-receive", "button").addEventListener("click", receive);
}

async function send() {
  if (session.held === null) return;
  const code = newCode();
  byId("sending-word").hidden = false;
  byId("sending-frames").hidden = true;
  byId("sending-code", "p").textContent = t("wallet.transfer_code", { code: grouped(code) });
  const go = byId("sending-go", "button");
  go.disabled = true;
  let stop = () => {};
  const closed = shown("sending");
  const texts = await frames(await sealBackup(backupOf(session.held), code, TRANSFER_WORK));
  go.disabled = false;
  go.onclick = () => {
    byId("sending-code", "p").textContent = "";
    byId("sending-word").hidden = true;
    byId("sending-frames").hidden = false;
    stop = turn(texts);
    byId("sending-pause", "button").focus();
  };
  await closed;
  stop();
  byId("sending-code", "p").textContent = "";
  byId("sending-frame").replaceChildren();
}

/** Draw one frame after another. Who asked for less motion turns them by hand. @param {string[]} texts */
function turn(texts) {
  let at = -1;
  let running = !matchMedia("(prefers-reduced-motion: reduce)").matches;
  const pause = byId("sending-pause", "button");
  const next = () => {
    at = (at + 1) % texts.length;
    const label = t("wallet.code_part", { n: String(at + 1), of: String(texts.length) });
    byId("sending-frame").replaceChildren(drawing(texts[at] ?? "", label) ?? "");
    byId("sending-part", "p").textContent = label;
  };
  const show = () => { pause.textContent = t(running ? "wallet.transfer_pause" : "wallet.transfer_on"); };
  pause.onclick = () => { running = !running; show(); };
  byId("sending-next", "button").onclick = () => { running = false; show(); next(); };
  next();
  show();
  const timer = setInterval(() => { if (running) next(); }, SHOWN);
  return () => clearInterval(timer);
}

async function receive() {
  const collector = new Collector();
  const state = byId("receiving-state", "p");
  const progress = byId("receiving-progress", "progress");
  state.textContent = "";
  progress.value = 0;
  /** @type {Uint8Array<ArrayBuffer> | null} */
  let bytes = null;
  const closed = shown("receiving");
  const stop = await lookThrough(byId("receiving-camera"), async (texts) => {
    for (const text of texts) {
      const answer = await collector.receive(text);
      if (answer.state === "complete") {
        bytes = answer.bytes;
        hide("receiving");
      } else if (answer.state === "more" || answer.state === "damaged") {
        progress.value = collector.count ? collector.received / collector.count : 0;
        state.textContent = t("wallet.transfer_progress", { have: String(collector.received), of: String(collector.count) });
      }
    }
  }, (words) => { state.textContent = words; });
  await closed;
  stop();
  if (bytes === null) return;
  if (await receiveBackup(bytes, t("wallet.transfer_receive"), t("wallet.transfer_code_ask"), typedCode)) notify(t("wallet.transfer_done"));
}
