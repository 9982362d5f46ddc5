/* The ticket in the hand: the QR code on a lit screen, and sharing without leaving the page. */
(() => {
  "use strict";
  const light = document.querySelector("[data-qr-light]");
  let wakeLock = null;
  document.querySelector("[data-qr]")?.addEventListener("click", async (event) => {
    if (!light?.showModal || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    light.showModal();
    // The queue may be long, and a dark screen can't be scanned.
    wakeLock = await navigator.wakeLock?.request("screen").catch(() => null);
  });
  light?.addEventListener("close", () => {
    wakeLock?.release();
    wakeLock = null;
  });

  const status = document.querySelector("[data-share-status]");
  const copied = () => {
    if (status) status.textContent = "Link copied.";
    window.site?.say("Link copied.", null, "success");
  };
  document.addEventListener("click", async (event) => {
    const share = event.target.closest("[data-share]");
    const copy = event.target.closest("[data-copy]");
    const address = share?.dataset.share ?? copy?.dataset.copy;
    if (!address) return;
    if (share && navigator.share) {
      event.preventDefault();
      // Closing the sheet is no failure.
      await navigator.share({ title: share.dataset.shareTitle, url: address }).catch(() => {});
    } else if (navigator.clipboard) {
      event.preventDefault();
      await navigator.clipboard.writeText(address).then(copied, () => {
        location.href = share?.href ?? address;
      });
    }
  });
})();
