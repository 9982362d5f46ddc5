/* The time left to confirm each hold on the page. The server says how many seconds; from there a
   clock that never jumps counts (performance.now), and whenever the page may have slept the server
   is asked again. */
(() => {
  "use strict";
  const WARN_SECONDS = 30;
  const SAID = [60, 30, 10];
  const status = document.querySelector("[data-countdown-status]");

  const words = (seconds) =>
    seconds >= 60
      ? `${Math.floor(seconds / 60)} minute${seconds >= 120 ? "s" : ""} left to confirm.`
      : `${seconds} seconds left to confirm.`;

  /* Counts in this box; returns how to ask the server. */
  const count = (box) => {
    const ring = box.querySelector("[data-ring]");
    const time = box.querySelector("[data-time]");
    let ends = performance.now() + Number(box.dataset.seconds) * 1000;
    let last = Infinity;
    let asking = false;

    const ask = async () => {
      if (asking) return;
      asking = true;
      try {
        const sent = performance.now();
        const response = await fetch(box.dataset.clock, {
          headers: { Accept: "application/json" },
          cache: "no-store",
          redirect: "error",
        });
        if (!response.ok) throw new Error(response.status);
        const hold = await response.json();
        if (hold.status !== "PENDING") return location.reload();
        ends = sent + hold.seconds * 1000;
      } catch {
        if (!navigator.onLine)
          window.site?.say("Connection failed. Please check your internet.", ask);
      } finally {
        asking = false;
      }
    };

    const show = () => {
      const left = Math.max(0, (ends - performance.now()) / 1000);
      const seconds = Math.ceil(left);
      ring?.setAttribute("stroke-dasharray", `${left.toFixed(2)} ${box.dataset.holdSeconds}`);
      time.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
      box.classList.toggle("countdown--soon", seconds <= WARN_SECONDS);
      const passed = SAID.find((mark) => last > mark && seconds <= mark && seconds > mark - 5);
      if (status && passed && last !== Infinity) status.textContent = words(passed);
      last = seconds;
      if (left <= 0) {
        ask();
        return setTimeout(show, 1000);
      }
      return setTimeout(show, 200);
    };

    show();
    return ask;
  };

  const asks = [...document.querySelectorAll("[data-countdown]")].map(count);
  const askAll = () => {
    for (const ask of asks) ask();
  };
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) askAll();
  });
  addEventListener("online", () => {
    window.site?.hush();
    askAll();
  });
  addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload();
  });
})();
