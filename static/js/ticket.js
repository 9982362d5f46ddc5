/* The ticket's page: the QR code on a bright screen, and sharing without leaving the page. */
import { showToast } from "./site.js";

const light = document.querySelector("[data-qr-light]");
const status = document.querySelector("[data-share-status]");
let wakeLock = null;

const showLight = async (event) => {
  if (!light?.showModal || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  light.showModal();
  // The queue may be long, and a dark screen can't be scanned.
  wakeLock = await navigator.wakeLock?.request("screen").catch(() => null);
};

const copyLink = async (address, fallback) => {
  try {
    await navigator.clipboard.writeText(address);
  } catch {
    location.href = fallback;
    return;
  }
  if (status) status.textContent = "Link copied.";
  showToast("Link copied.", null, "success");
};

const shareOrCopy = async (event) => {
  const share = event.target.closest("[data-share]");
  const copy = event.target.closest("[data-copy]");
  const address = share?.dataset.share ?? copy?.dataset.copy;
  if (!address) return;
  if (share && navigator.share) {
    event.preventDefault();
    // Closing the browser's share dialog rejects the promise; that is not an error here.
    await navigator.share({ title: share.dataset.shareTitle, url: address }).catch(() => {});
  } else if (navigator.clipboard) {
    event.preventDefault();
    await copyLink(address, share?.href ?? address);
  }
};

document.querySelector("[data-qr]")?.addEventListener("click", showLight);
light?.addEventListener("close", () => {
  wakeLock?.release();
  wakeLock = null;
});
document.addEventListener("click", shareOrCopy);
