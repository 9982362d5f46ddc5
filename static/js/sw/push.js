/* Push messages: one notification for each, which opens its page when it is pressed. The browser may
   renew its subscription by itself; then the site is told. */

const messageOf = (event) => {
  try {
    return event.data?.json() ?? {};
  } catch {
    return {};
  }
};

/* An address of this site. A message can't lead anywhere else. */
const ownAddress = (url) => {
  const address = new URL(url ?? "/bookings/", location.origin);
  return address.origin === location.origin ? address.href : `${location.origin}/bookings/`;
};

addEventListener("push", (event) => {
  const { title = "BookMyShow", body = "", url, tag } = messageOf(event);
  // A message that takes the place of an earlier one is news: it sounds again.
  const place = tag ? { tag, renotify: true } : {};
  const options = { body, icon: self.SITE.icon, data: { url: ownAddress(url) }, ...place };
  event.waitUntil(self.registration.showNotification(title, options));
});

addEventListener("notificationclick", (event) => {
  event.notification.close();
  const { url } = event.notification.data;
  const open = async () => {
    const pages = await clients.matchAll({ type: "window", includeUncontrolled: true });
    const there = pages.find((page) => page.url.split("#")[0] === url);
    return there ? there.focus() : clients.openWindow(url);
  };
  event.waitUntil(open());
});

const subscribeAgain = () =>
  self.registration.pushManager.subscribe({
    userVisibleOnly: true,
    applicationServerKey: self.SITE.pushKey,
  });

/* Some browsers name the new subscription, others only say that the old one has ended. */
addEventListener("pushsubscriptionchange", (event) => {
  const tellSite = async () => {
    const subscription = event.newSubscription ?? (await subscribeAgain());
    const { endpoint, keys } = subscription.toJSON();
    const body = new URLSearchParams({ endpoint, p256dh: keys.p256dh, auth: keys.auth });
    const { status } = await fetch(self.SITE.renew, { method: "POST", body });
    // Nobody is told anything here any more.
    if (status === 404) await subscription.unsubscribe();
  };
  event.waitUntil(tellSite());
});
