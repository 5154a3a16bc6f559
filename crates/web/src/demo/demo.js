// The demo's entry page: each button posts one request and follows where it leads.
const said = document.querySelector("#said");

async function post(path, body) {
  const answer = await fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  const json = await answer.json();
  if (!answer.ok) throw new Error(json.detail ?? answer.statusText);
  return json;
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  button.disabled = true;
  try {
    if (button.dataset.enter) location.href = (await post("/demo/enter", { as: button.dataset.enter })).page;
    else if ("gate" in button.dataset) location.href = (await post("/demo/gate", {})).page;
    else if (button.dataset.clock) {
      await post("/demo/clock", { advance_seconds: Number(button.dataset.clock) });
      location.reload();
    }
  } catch (error) {
    if (said) said.textContent = error.message;
  } finally {
    button.disabled = false;
  }
});
