/** How common unknown logos are among the pictures, as their answers show it together: what `--other-share auto` finds. */

const FEWEST = 20; // pictures that show anything
const FAR = 2; // by this factor, odds are far apart
const LEAST = 1e-6; // which probabilities are cut to
const HALVINGS = 50;
const SMALLEST = 0.001; // share that may be stated, and as much below 1

const odds = (share) => share / (1 - share);

/** That it shows no known company; beyond what is listed, all that is left is at most that. */
function unknown({ top }) {
  const listed = top.find(({ label }) => label === "other");
  const left = 1 - top.reduce((sum, { probability }) => sum + probability, 0);
  return Math.min(Math.max(listed ? listed.probability : left, LEAST), 1 - LEAST);
}

/** In whole per cent, near the ends in tenths of one. */
function rounded(share) {
  const steps = share < 0.01 || share > 0.99 ? 1000 : 100;
  return Math.min(Math.max(Math.round(steps * share) / steps, SMALLEST), 1 - SMALLEST);
}

/** The share to state that answers show, whose probabilities are for another; null where that one is as good, or they are few. */
export function betterShare(answers, stated) {
  const likelihoods = answers.filter(({ status }) => status === "ok").map((answer) => odds(stated) / odds(unknown(answer)));
  if (likelihoods.length < FEWEST) return null;
  let [low, high] = [0, 1];
  for (let step = 0; step < HALVINGS; step += 1) {
    const share = (low + high) / 2;
    const slope = likelihoods.reduce((sum, ratio) => sum + (1 - ratio) / (share + (1 - share) * ratio), 1 / share - 1 / (1 - share));
    if (slope > 0) low = share;
    else high = share;
  }
  const share = rounded(low);
  const ratio = odds(share) / odds(stated);
  return ratio > FAR || ratio < 1 / FAR ? share : null;
}
