/**
 * A sound for each outcome: told apart by its pitches; all are equally long and equally loud, so that nobody hears
 * from afar more than that a check was made.
 */

/** Hertz, one after the other. */
const PITCHES = /** @type {Record<string, number[]>} */ ({
  green: [660, 880],
  amber: [660, 660],
  red: [660, 495],
  specimen: [495, 495],
  again: [880, 880],
  more: [880, 660],
});
const SECONDS = 0.2;
const LOUDNESS = 0.15;

/** @type {AudioContext | null} */
let sound = null;

/** @param {string} outcome */
export function play(outcome) {
  sound ??= new AudioContext();
  void sound.resume();
  const pitches = PITCHES[outcome] ?? [];
  pitches.forEach((pitch, place) => tone(/** @type {AudioContext} */ (sound), pitch, place * SECONDS));
}

/**
 * @param {AudioContext} context
 * @param {number} pitch
 * @param {number} after seconds
 */
function tone(context, pitch, after) {
  const start = context.currentTime + after;
  const source = new OscillatorNode(context, { frequency: pitch });
  const volume = new GainNode(context, { gain: 0 });
  // Faded in and out: a tone that is cut off clicks, and a click is louder than the tone.
  volume.gain.setTargetAtTime(LOUDNESS, start, 0.01);
  volume.gain.setTargetAtTime(0, start + SECONDS - 0.05, 0.01);
  source.connect(volume).connect(context.destination);
  source.start(start);
  source.stop(start + SECONDS);
}
