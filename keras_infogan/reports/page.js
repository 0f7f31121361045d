
"use strict";
// Each player is a figure with a slider; those of the same group move together.
const MILLISECONDS = 90;
const players = [...document.querySelectorAll(".player")];

function show(player, frame) {
  const slider = player.querySelector("input");
  slider.value = frame;
  for (const image of player.querySelectorAll("image")) {
    const height = image.ownerSVGElement.viewBox.baseVal.height;
    image.setAttribute("y", -height * frame);
  }
  const value = player.dataset.values.split(" ")[frame];
  player.querySelector("output").textContent = value;
  slider.setAttribute("aria-valuetext", value);
}

function showAll(group, share) {
  for (const player of players) {
    if (player.dataset.group !== group) continue;
    show(player, Math.round(share * player.querySelector("input").max));
  }
}

for (const player of players) {
  const { group } = player.dataset;
  const slider = player.querySelector("input");
  const button = player.querySelector("button");
  let timer = null;

  const stop = () => {
    clearInterval(timer);
    timer = null;
    button.textContent = "Play";
  };
  slider.oninput = () => {
    stop();
    showAll(group, slider.value / slider.max);
  };
  button.onclick = () => {
    if (timer !== null) return stop();
    button.textContent = "Pause";
    let step = 1;
    timer = setInterval(() => {
      // To one end and back.
      if (Number(slider.value) + step > slider.max) step = -1;
      if (Number(slider.value) + step < slider.min) step = 1;
      showAll(group, (Number(slider.value) + step) / slider.max);
    }, MILLISECONDS);
  };
}

document.documentElement.classList.add("scripted");
for (const details of document.querySelectorAll(".still")) details.open = false;

// For browsers whose print style sheet cannot open what is folded.
let folded = [];
addEventListener("beforeprint", () => {
  folded = [...document.querySelectorAll("details:not([open])")];
  for (const details of folded) details.open = true;
});
addEventListener("afterprint", () => {
  for (const details of folded) details.open = false;
});
