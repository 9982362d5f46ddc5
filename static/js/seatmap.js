/* The seat map: what is chosen, what it costs, and keeping both through the polls. The server draws;
   this file adds ticks, arrow keys, zoom and words. Without it the page is a plain form. */
(() => {
  "use strict";
  const form = document.getElementById("seat-form");
  const map = document.getElementById("seat-map");
  if (!form || !map) return;

  const data = form.dataset;
  const most = Number(data.maxSeats);
  const currency = data.currency;
  // The viewer's own hold: the names of its seats by label.
  const own = new Map();
  const status = document.getElementById("seat-status");
  // Its column, in half seats, is in its class (seatgrid.css).
  const placeOf = (seat) => Number(/\bx(\d+)/.exec(seat.className)[1]);
  const isSeat = (element) => element?.name === "seat";
  const seats = () => [...map.querySelectorAll('input[name="seat"]')];
  const chosen = () => seats().filter((seat) => seat.checked);
  const names = (list) => list.join(", ");
  const money = (amount) =>
    new Intl.NumberFormat(currency === "INR" ? "en-IN" : "en", {
      style: "currency",
      currency,
      minimumFractionDigits: amount % 1 ? 2 : 0,
    }).format(amount);

  // What is said is short-lived: the next choice makes it old. What the bar shows anyway is said to
  // screen readers alone (aside).
  const say = (text, { aside = false } = {}) => {
    if (!status) return;
    status.classList.toggle("visually-hidden", aside);
    status.textContent = text;
  };

  const isPremium = (seat) => seat.classList.contains("p");
  const priceOf = (list) =>
    money(
      list.reduce(
        (sum, seat) => sum + Number(isPremium(seat) ? data.premiumPrice : data.standardPrice),
        0,
      ),
    );
  // A7, A8, premium, ₹800: which seats, of what kind, for how much.
  const kindOf = (list) => {
    const premium = list.filter(isPremium).length;
    return premium === list.length ? "premium" : premium ? `${premium} premium` : "";
  };

  // The bar: seats by name, their total, and what the button does.
  const show = () => {
    const list = chosen();
    const seatsLine = form.querySelector("[data-seats]");
    if (!seatsLine) return;
    seatsLine.textContent = list.length
      ? names(list.map((seat) => seat.value))
      : "Choose your seats";
    form.querySelector("[data-total]").textContent = list.length
      ? [kindOf(list), priceOf(list)].filter(Boolean).join(", ")
      : "";
    const same =
      own.size > 0 && list.length === own.size && list.every((seat) => own.has(seat.value));
    form.querySelector(".bar__button").textContent = same ? "Back to checkout" : "Continue";
    form.querySelector("[data-terms]").textContent = same ? "" : terms(list.length);
  };
  const terms = (count) => {
    const minutes = `${data.minutes} minute${data.minutes === "1" ? "" : "s"}`;
    const holds = `Continue holds ${count === 1 ? "it" : "them"} for you for ${minutes}`;
    return own.size ? `${holds} and releases ${names([...own.keys()])}.` : `${holds}.`;
  };

  // A single free seat left between taken ones is hard to sell; say so, and leave it at that.
  const orphans = () => {
    const left = [];
    for (const row of map.querySelectorAll("fieldset")) {
      if (!row.querySelector(":checked")) continue;
      const line = [...row.querySelectorAll("input")]
        .map((seat) => ({ seat, x: placeOf(seat) }))
        .sort((a, b) => a.x - b.x);
      const free = (entry) => entry && !entry.seat.disabled && !entry.seat.classList.contains("w");
      line.forEach((entry, place) => {
        if (!free(entry) || entry.seat.checked) return;
        const beside = [line[place - 1], line[place + 1]].filter(
          (other) => other && Math.abs(other.x - entry.x) === 2,
        );
        const closed = beside.every((other) => !free(other) || other.seat.checked);
        if (closed && beside.some((other) => free(other) && other.seat.checked))
          left.push(entry.seat.value);
      });
    }
    return left;
  };

  const MOST_NAMED = 3;
  const needed = form.querySelector('[name="wheelchair"]');
  // Wheelchair places among the chosen that nobody has said are needed.
  const unasked = () =>
    needed?.checked ? [] : chosen().filter((seat) => seat.classList.contains("w"));
  const ask = (places) => {
    const are = places.length === 1 ? "is a wheelchair place" : "are wheelchair places";
    say(
      `${names(places.map((seat) => seat.value))} ${are}. Does someone in your party use a wheelchair? Say so below, or choose other seats.`,
    );
  };
  needed?.addEventListener("change", () => remark());
  const remark = () => {
    if (!chosen().length) return say("");
    const places = unasked();
    if (places.length) return ask(places);
    const left = orphans();
    if (!left.length) return say("");
    say(
      left.length === 1
        ? `${left[0]} would be left on its own. Moving along by one keeps a pair together.`
        : left.length <= MOST_NAMED
          ? `${names(left)} would each be left on their own.`
          : `${left.length} single seats would be left on their own.`,
    );
  };

  map.addEventListener("change", ({ target }) => {
    if (!isSeat(target)) return;
    if (target.checked && chosen().length > most) {
      target.checked = false;
      say(`${most} seats are the most in one booking. Untick one to choose another.`);
      return;
    }
    document.getElementById("seat-problem").replaceChildren();
    show();
    remark();
    rove(target);
  });

  // What the server would refuse is said at once, before anyone is sent to log in.
  form.addEventListener(
    "submit",
    (event) => {
      const places = unasked();
      if (chosen().length && !places.length) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      if (!places.length) return say("Choose at least one seat.");
      ask(places);
      needed.focus({ preventScroll: true });
    },
    { capture: true },
  );

  // Arrow keys: one seat is in the tab order, the arrows move along the row and between rows.
  let current = null;
  const rove = (seat) => {
    if (!seat) return;
    if (current && current !== seat) current.tabIndex = -1;
    seat.tabIndex = 0;
    current = seat;
  };
  const beginRoving = () => {
    const all = seats();
    for (const seat of all) seat.tabIndex = -1;
    const usable = all.filter((seat) => !seat.disabled);
    rove(usable.find((seat) => seat.checked) ?? usable[0]);
  };
  const inRow = (row) =>
    [...row.querySelectorAll("input:enabled")].sort((a, b) => placeOf(a) - placeOf(b));
  const neighbour = (seat, key) => {
    const row = seat.closest("fieldset");
    if (["ArrowLeft", "ArrowRight", "Home", "End"].includes(key)) {
      const line = inRow(row);
      const at = line.indexOf(seat);
      return { ArrowLeft: line[at - 1], ArrowRight: line[at + 1], Home: line[0], End: line.at(-1) }[
        key
      ];
    }
    const rows = [...map.querySelectorAll("fieldset")];
    const step = key === "ArrowUp" ? -1 : 1;
    for (let at = rows.indexOf(row) + step; rows[at]; at += step) {
      const line = inRow(rows[at]);
      if (line.length) {
        const x = placeOf(seat);
        return line.reduce((best, other) =>
          Math.abs(placeOf(other) - x) < Math.abs(placeOf(best) - x) ? other : best,
        );
      }
    }
    return null;
  };
  map.addEventListener("keydown", (event) => {
    if (!isSeat(event.target) || event.altKey || event.ctrlKey || event.metaKey) return;
    if (!/^(Arrow(Left|Right|Up|Down)|Home|End)$/.test(event.key)) return;
    event.preventDefault();
    const next = neighbour(event.target, event.key);
    if (!next) return;
    rove(next);
    next.focus();
  });
  map.addEventListener("focusin", ({ target }) => {
    if (isSeat(target)) rove(target);
  });

  // Polls. The map that comes knows no viewer: ticks stay, and so do the viewer's own held seats
  // until their hold is over or they are sold.
  let lapse = 0;
  let tickOwn = false;
  const learn = () => {
    const line = document.getElementById("own-hold");
    clearTimeout(lapse);
    own.clear();
    for (const [label, name] of Object.entries(JSON.parse(line?.dataset.names ?? "{}")))
      own.set(label, name);
    if (own.size) lapse = setTimeout(forgetOwn, Number(line.dataset.seconds) * 1000);
  };
  const forgetOwn = () => {
    own.clear();
    document.getElementById("own-hold").hidden = true;
    refresh(true);
  };
  // Another tab may have made a hold, or let it go. The poll is everyone's and can't tell.
  const askForOwn = async () => {
    if (!data.ownUrl || map.querySelector("[data-final]")) return;
    // No answer, or half of one where the page is being left: then the next focus asks.
    const line = await fetch(data.ownUrl)
      .then((answer) => (answer.ok ? answer.text() : ""))
      .catch(() => "");
    if (!line) return;
    const known = names([...own.keys()]);
    document.getElementById("own-hold").outerHTML = line;
    learn();
    if (names([...own.keys()]) === known) return;
    tickOwn = !chosen().length;
    refresh(true);
  };
  const callbacks = window.Idiomorph?.defaults.callbacks;
  if (callbacks) {
    callbacks.beforeNodeMorphed = (before, after) => {
      if (!isSeat(before) || !isSeat(after)) return true;
      if (own.has(after.value) && after.disabled && after.classList.contains("h")) {
        after.disabled = false;
        after.classList.replace("h", "m");
        after.setAttribute("aria-label", own.get(after.value));
      }
      // The attribute follows too, or it would tick what was unticked since.
      after.checked = (before.checked || (tickOwn && own.has(after.value))) && !after.disabled;
      after.toggleAttribute("checked", after.checked);
      return true;
    };
    callbacks.beforeAttributeUpdated = (name, element) =>
      !(name === "tabindex" && isSeat(element)) && name !== "style";
  }

  let before = [];
  map.addEventListener("htmx:beforeSwap", () => {
    before = chosen().map((seat) => seat.value);
  });
  map.addEventListener("htmx:afterSwap", ({ detail }) => {
    tickOwn = false;
    const kept = new Set(chosen().map((seat) => seat.value));
    const lost = before.filter((label) => !kept.has(label));
    // What a refused hold lost, the server's own message names; it stands above the hall.
    if (detail.requestConfig.verb === "post")
      document.getElementById("seat-problem").scrollIntoView({ block: "nearest" });
    if (lost.length && detail.requestConfig.verb === "get") {
      say(
        `${names(lost)} ${lost.length === 1 ? "was" : "were"} just taken by someone else and ${lost.length === 1 ? "is" : "are"} no longer chosen.`,
      );
    }
    show();
    if (!current?.isConnected || current.disabled) {
      const hadFocus = current?.isConnected && document.activeElement === document.body;
      const next = current?.isConnected
        ? (neighbour(current, "ArrowRight") ?? neighbour(current, "ArrowLeft"))
        : null;
      if (next) {
        rove(next);
        if (hadFocus) next.focus({ preventScroll: true });
      } else beginRoving();
    }
  });

  const refresh = (anew = false) => {
    if (anew) document.getElementById("map-version")?.setAttribute("value", "");
    if (map.hasAttribute("hx-get") && !map.querySelector("[data-final]"))
      window.htmx?.trigger(map, "refresh");
  };
  map.addEventListener("htmx:beforeRequest", (event) => {
    if (event.target === map && document.hidden) event.preventDefault();
  });
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) refresh();
  });
  addEventListener("focus", askForOwn);
  addEventListener("online", () => refresh());
  // Back to a page that the browser kept: what is held and sold may be another story by now.
  addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload();
  });

  // What has the focus is never behind the bar, however high that is (seatmap.css).
  const bar = form.querySelector("[data-bar]");
  if (bar) {
    new ResizeObserver(() => {
      const sticks = getComputedStyle(bar).position === "sticky";
      document.documentElement.style.setProperty("--bar", sticks ? `${bar.offsetHeight}px` : "0px");
    }).observe(bar);
  }

  // Zoom: buttons, Ctrl and wheel, two fingers. The seat under the fingers stays under them.
  const hall = form.querySelector("[data-hall]");
  // Outwards until the whole hall is in view, less the floor's padding at both sides.
  const AIR = 25;
  const rows = () => document.getElementById("hall-rows");
  const least = () => Math.min(1, (hall.clientWidth - AIR) / rows().offsetWidth);
  const largest = 2.4;
  let zoom = 1;
  // A scaling of what is laid out: with two thousand seats, laying out anew takes a phone seconds.
  const applyZoom = () => {
    const { style, offsetHeight } = rows();
    style.setProperty("--zoom", zoom.toFixed(3));
    style.setProperty("--high", `${offsetHeight}px`);
  };
  new ResizeObserver(applyZoom).observe(rows());
  const zoomTo = (value, clientX = hall.getBoundingClientRect().left + hall.clientWidth / 2) => {
    const next = Math.min(largest, Math.max(least(), value));
    if (next === zoom) return;
    const at = clientX - hall.getBoundingClientRect().left;
    const share = (hall.scrollLeft + at) / hall.scrollWidth;
    zoom = next;
    applyZoom();
    hall.scrollLeft = share * hall.scrollWidth - at;
    markZoom();
  };
  const markZoom = () => {
    for (const button of form.querySelectorAll("[data-zoom]")) {
      button.setAttribute(
        "aria-disabled",
        String(button.dataset.zoom === "in" ? zoom >= largest : zoom <= least()),
      );
    }
  };
  form.addEventListener("click", (event) => {
    const button = event.target.closest("[data-zoom]");
    if (button) zoomTo(zoom * (button.dataset.zoom === "in" ? 1.3 : 1 / 1.3));
  });
  hall.addEventListener(
    "wheel",
    (event) => {
      if (!event.ctrlKey) return;
      event.preventDefault();
      zoomTo(zoom * Math.exp(-event.deltaY / 300), event.clientX);
    },
    { passive: false },
  );
  let pinch = null;
  const span = (touches) =>
    Math.hypot(touches[0].clientX - touches[1].clientX, touches[0].clientY - touches[1].clientY);
  hall.addEventListener(
    "touchstart",
    ({ touches }) => {
      if (touches.length === 2) pinch = { span: span(touches), zoom };
    },
    { passive: true },
  );
  hall.addEventListener(
    "touchmove",
    (event) => {
      if (!pinch || event.touches.length !== 2) return;
      event.preventDefault();
      const { touches } = event;
      zoomTo(
        (pinch.zoom * span(touches)) / pinch.span,
        (touches[0].clientX + touches[1].clientX) / 2,
      );
    },
    { passive: false },
  );
  hall.addEventListener("touchend", () => {
    pinch = null;
  });

  // The name of the seat under the pointer or with the focus.
  const tip = document.getElementById("seat-tip");
  const label = (seat) => {
    if (!isSeat(seat)) {
      tip.hidden = true;
      return;
    }
    tip.textContent = seat.getAttribute("aria-label").replaceAll(", ", " · ");
    tip.hidden = false;
    const frame = hall.parentElement.getBoundingClientRect();
    const box = seat.getBoundingClientRect();
    const half = tip.offsetWidth / 2;
    const middle = Math.min(
      Math.max(box.left + box.width / 2 - frame.left, half + 4),
      frame.width - half - 4,
    );
    tip.style.translate = `${middle - half}px ${box.top - frame.top - tip.offsetHeight - 6}px`;
  };
  const mouse = matchMedia("(hover: hover)");
  map.addEventListener("pointerover", ({ target }) => {
    if (mouse.matches) label(target);
  });
  map.addEventListener("pointerleave", () => {
    tip.hidden = true;
  });
  map.addEventListener("focusin", ({ target }) => {
    if (target.matches(":focus-visible")) label(target);
  });
  map.addEventListener("focusout", () => {
    tip.hidden = true;
  });
  hall.addEventListener(
    "scroll",
    () => {
      tip.hidden = true;
    },
    { passive: true },
  );

  // The chosen seats come to the middle of what is in view, the bar left out; else the hall's middle.
  const showChosen = () => {
    const list = chosen();
    const view = hall.getBoundingClientRect();
    const boxes = list.map((seat) => seat.getBoundingClientRect());
    const middleOf = (side, size) =>
      boxes.reduce((sum, box) => sum + box[side] + box[size] / 2, 0) / boxes.length;
    const across = boxes.length
      ? middleOf("left", "width") - view.left
      : hall.scrollWidth / 2 - hall.scrollLeft;
    hall.scrollLeft += across - hall.clientWidth / 2;
    if (!boxes.length) return;
    const room = innerHeight - (bar?.offsetHeight ?? 0);
    const hidden = boxes.some((box) => box.top < 0 || box.bottom > room);
    if (hidden || "found" in data)
      scrollBy({ top: middleOf("top", "height") - room / 2, behavior: "instant" });
    if ("found" in data)
      say(
        `Best seats: ${[...list.map((seat) => seat.value), kindOf(list), priceOf(list)].filter(Boolean).join(", ")}.`,
        { aside: true },
      );
  };
  markZoom();
  beginRoving();
  learn();
  show();
  showChosen();
})();
