// Reports strokes while they are drawn on the canvas beside this component.
//
// The canvas reports a stroke 200 ms after its end. Until then the server adds what the pen
// reports: { id, revision, first, strokes, down }, where `strokes` are all strokes since the
// canvas's drawing was replaced that the canvas has not reported, beginning with number `first`.

const INTERVAL_MS = 120; // at least, between two messages while the pen is down
const ROUND_TRIPS = 2; // at least, between them: a busy server gets fewer, and finished ones sooner
const SLOW_MS = 300; // after a slower answer, other than the first, the server is spared a while:
const REST_MS = 20000; // the canvas alone reports strokes, half to one and a half times as long
const WITHDRAW_MS = 1500; // without the canvas's report its drawing counts, not the pen's
const RELEASE_MS = 2000; // a new drawing is not awaited for longer
const MERGED_MS = 400; // nor, after the first of several; two clicks can become one
const ANSWER_MS = 10000; // nor is an answer
const LEAVE_MS = 1000; // a link waits no longer for the canvas's report

export default function (component) {
  const { parentElement } = component;
  parentElement.pen ??= new Pen();
  parentElement.pen.connect();
  parentElement.pen.update(component);
  return () => parentElement.pen.disconnect();
}

class Pen {
  strokes = []; // each has points, alternating x and y in canvas pixels
  first = 0;
  down = null; // the stroke being drawn: its canvas, and the identifier of its finger
  held = null; // events of a stroke that waits for a new drawing
  awaited = null; // the revision of the drawing that a click has asked for
  link = null; // to another page, clicked before the canvas has reported all strokes
  id = Date.now(); // also higher than those of an earlier pen
  isAnswered = true;
  sentAt = 0;
  roundTrip = 0; // of the last message that was answered
  isWarm = false; // whether there was one
  restUntil = 0;

  // Streamlit may clean up a component and call it again in the same place, also during a stroke.
  connect() {
    if (this.listeners && !this.listeners.signal.aborted) return;
    const handlers = {
      mousedown: this.onMouseDown, mousemove: this.onMouseMove, mouseup: this.onMouseUp,
      touchstart: this.onTouchStart, touchmove: this.onTouchMove, touchend: this.onTouchEnd,
      touchcancel: this.onTouchEnd, click: this.onClick, keydown: this.onKeyDown,
    };
    this.listeners = new AbortController();
    const options = { capture: true, passive: false, signal: this.listeners.signal };
    for (const [name, handler] of Object.entries(handlers)) {
      window.addEventListener(name, (event) => handler.call(this, event), options);
    }
    // Not the blur of an element, which passes the window too.
    window.addEventListener("blur", ({ target }) => target === window && this.lift(), options);
    // The timers that were stopped.
    if (this.awaited !== null) this.releaseIn(RELEASE_MS);
    if (this.strokes.length && !this.down) this.withdrawIn(WITHDRAW_MS);
  }

  disconnect() {
    this.listeners.abort();
    cancelAnimationFrame(this.preparing);
    [this.sending, this.withdrawing, this.releasing].forEach(window.clearTimeout);
  }

  update({ data, setStateValue }) {
    this.setStateValue = setStateValue;
    if (this.data?.revision !== data.revision) {
      this.strokes = this.strokes.filter((stroke) => stroke.isHeld || stroke === this.down?.stroke);
      this.first = 0;
    }
    this.data = data;
    this.prepareCanvas();
    if (!this.isAnswered && data.answered === this.id) {
      this.isAnswered = true;
      const now = performance.now();
      this.roundTrip = now - this.sentAt;
      // Not all pens begin again at the same time.
      const rest = (0.5 + Math.random()) * REST_MS;
      if (this.roundTrip > SLOW_MS && this.isWarm) this.restUntil = now + rest;
      this.isWarm = true;
    }
    const nFinished = this.strokes.length - (this.down ? 1 : 0);
    const nReported = Math.min(data.reported - this.first, nFinished);
    if (nReported > 0) {
      this.strokes.splice(0, nReported);
      this.first += nReported;
    }
    if (this.awaited !== null && data.shown >= this.awaited) this.release();
    else if (this.awaited !== null && data.shown > this.replaced) this.releaseIn(MERGED_MS);
    if (!this.strokes.length) this.leave();
    this.schedule();
  }

  // Names the canvas, and hides the toolbar that it shows above itself from mouse, eye and keyboard.
  prepareCanvas() {
    cancelAnimationFrame(this.preparing);
    const { canvas, label } = this.data;
    const host = `.st-key-${canvas} [data-testid=stBidiComponentIsolated]`;
    const root = document.querySelector(host)?.shadowRoot;
    const ink = root?.querySelector("canvas.upper-canvas");
    if (!ink) {
      // It is not there yet.
      this.preparing = requestAnimationFrame(() => this.prepareCanvas());
      return;
    }
    root.querySelector(".dc-toolbar").style.setProperty("visibility", "hidden", "important");
    ink.setAttribute("role", "img");
    ink.setAttribute("aria-label", label);
  }

  // --- Strokes -----------------------------------------------------------------------------

  findCanvas(event) {
    const path = event.composedPath();
    const isInside = path.some((node) => node.classList?.contains(`st-key-${this.data.canvas}`));
    return isInside && path[0].matches?.("canvas.upper-canvas") ? path[0] : null;
  }

  begin(canvas, event, finger) {
    const stroke = { points: [], width: this.data.penPx, isHeld: this.awaited !== null };
    this.canvas = canvas;
    this.down = { stroke, finger, isSilent: performance.now() < this.restUntil };
    this.strokes.push(stroke);
    window.clearTimeout(this.withdrawing);
    if (stroke.isHeld) this.held ??= [];
    // The canvas takes the first point twice.
    this.add(event);
    this.add(event);
  }

  add({ clientX, clientY }) {
    const box = this.canvas.getBoundingClientRect();
    const x = ((clientX - box.left) * this.canvas.width) / box.width;
    const y = ((clientY - box.top) * this.canvas.height) / box.height;
    const { points } = this.down.stroke;
    if (points.length > 2 && points.at(-2) === x && points.at(-1) === y) return;
    points.push(x, y);
    this.isChanged = true;
    this.schedule();
  }

  end() {
    const { isSilent } = this.down;
    this.down = null;
    if (!this.held && !isSilent) this.send();
    else if (this.awaited === null) this.replay();
    this.withdrawIn(WITHDRAW_MS);
  }

  // End a stroke whose end the browser does not report.
  lift() {
    if (!this.down) return;
    const { finger, last } = this.down;
    if (this.held) this.held.push(["mouseup", last]);
    else if (finger === undefined) dispatch(this.canvas, "mouseup", last);
    else liftFinger(this.canvas, finger, last);
    this.end();
  }

  withdrawIn(milliseconds) {
    this.withdrawing = window.setTimeout(() => this.withdraw(), milliseconds);
  }

  withdraw() {
    if (this.down || this.held || !this.strokes.length) return;
    this.strokes = [];
    this.first = this.data.reported;
    this.send();
  }

  // --- Mouse and touch: the events that the canvas listens to -------------------------------

  onMouseDown(event) {
    if (!event.isTrusted || this.down) return;
    const canvas = event.button === 0 && this.findCanvas(event);
    if (!canvas) return;
    this.begin(canvas, event);
    this.follow(event, "mousedown", event);
  }

  onMouseMove(event) {
    if (!event.isTrusted || !this.down || this.down.finger !== undefined) return;
    // The button was released outside the window.
    if (!(event.buttons & 1)) return this.lift();
    this.add(event);
    this.follow(event, "mousemove", event);
  }

  onMouseUp(event) {
    if (!event.isTrusted || !this.down || this.down.finger !== undefined || event.button) return;
    this.follow(event, "mouseup", event);
    this.end();
  }

  onTouchStart(event) {
    if (!event.isTrusted) return;
    const canvas = this.findCanvas(event);
    if (!canvas) return;
    // A second finger draws nothing; the end of a first one may have been missed.
    if (this.down && event.touches.length > 1) return stop(event);
    this.lift();
    const touch = event.changedTouches[0];
    this.begin(canvas, touch, touch.identifier);
    this.follow(event, "mousedown", touch);
  }

  onTouchMove(event) {
    const touch = this.findTouch(event);
    if (!touch) return;
    this.add(touch);
    this.follow(event, "mousemove", touch);
  }

  onTouchEnd(event) {
    const touch = this.findTouch(event);
    if (!touch) return;
    this.down.last = touch;
    // The canvas waits until the last finger is lifted, and ignores cancelled touches.
    if (this.held || event.touches.length || event.type === "touchcancel") {
      stop(event);
      this.lift();
    } else {
      this.end();
    }
  }

  findTouch(event) {
    if (!event.isTrusted || this.down?.finger === undefined) return null;
    return [...event.changedTouches].find(({ identifier }) => identifier === this.down.finger);
  }

  follow(event, name, point) {
    this.down.last = point;
    if (!this.held) return;
    // The canvas gets this stroke later, and as one of the mouse.
    stop(event);
    this.held.push([name, point]);
    if (this.awaited === null) this.replay();
  }

  // --- A new drawing ------------------------------------------------------------------------

  // Strokes begun after a click that replaces the drawing would be lost with the old one.
  onClick(event) {
    if (this.holdLink(event)) return;
    const selector = this.data.replacing.map((key) => `.st-key-${key}`).join(", ");
    const isButton = event.composedPath().some((node) => node.tagName === "BUTTON");
    if (!isButton || !event.target.closest?.(selector)) return;
    if (this.awaited === null) this.replaced = this.awaited = this.data.revision;
    this.awaited += 1;
    this.releaseIn(RELEASE_MS);
  }

  // Streamlit shows an empty page if a report of this page arrives while it opens another one.
  holdLink(event) {
    const link = event.isTrusted && this.strokes.length && event.target.closest?.("a[href]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return false;
    stop(event);
    this.link = link;
    window.setTimeout(() => this.leave(), LEAVE_MS);
    return true;
  }

  leave() {
    const { link } = this;
    this.link = null;
    link?.click();
  }

  releaseIn(milliseconds) {
    window.clearTimeout(this.releasing);
    this.releasing = window.setTimeout(() => this.release(), milliseconds);
  }

  release() {
    window.clearTimeout(this.releasing);
    this.awaited = null;
    if (this.held) this.replay();
  }

  replay() {
    this.held.splice(0).forEach(([name, point]) => dispatch(this.canvas, name, point));
    if (this.down) return;
    this.held = null;
    this.strokes.forEach((stroke) => (stroke.isHeld = false));
    this.send();
  }

  onKeyDown(event) {
    const isUndo = (event.ctrlKey || event.metaKey) && !event.shiftKey && event.key === "z";
    if (!isUndo || !this.data.undo || this.down || isTextField(event.composedPath()[0])) return;
    event.preventDefault();
    document.querySelector(`.st-key-${this.data.undo} button`)?.click();
  }

  // --- Messages -----------------------------------------------------------------------------

  schedule() {
    window.clearTimeout(this.sending);
    if (!this.down || this.down.isSilent || this.held || !this.isChanged) return;
    const elapsed = performance.now() - this.sentAt;
    // The next message follows when the last one was answered.
    const interval = Math.max(INTERVAL_MS, ROUND_TRIPS * this.roundTrip);
    const wait = (this.isAnswered ? Math.min(interval, ANSWER_MS) : ANSWER_MS) - elapsed;
    if (wait > 0) this.sending = window.setTimeout(() => this.schedule(), wait);
    else this.send();
  }

  send() {
    window.clearTimeout(this.sending);
    if (!this.data.isLive && this.down) return;
    this.isChanged = this.isAnswered = false;
    this.sentAt = performance.now();
    this.setStateValue("drawn", {
      id: ++this.id,
      revision: this.data.revision,
      first: this.first,
      strokes: this.strokes.map(({ points, width }) => ({ points, width })),
      down: this.down !== null,
    });
  }
}

function stop(event) {
  event.stopImmediatePropagation();
  if (event.cancelable) event.preventDefault();
}

function dispatch(canvas, name, { clientX, clientY }) {
  const buttons = name === "mouseup" ? 0 : 1;
  const options = { clientX, clientY, buttons, bubbles: true, cancelable: true, composed: true };
  canvas.dispatchEvent(new MouseEvent(name, options));
}

function liftFinger(canvas, identifier, { clientX, clientY }) {
  const touch = new Touch({ identifier, target: canvas, clientX, clientY });
  const options = { changedTouches: [touch], touches: [], bubbles: true, composed: true };
  canvas.dispatchEvent(new TouchEvent("touchend", options));
}

function isTextField(node) {
  const isTyped = node.matches?.("textarea, input:not([type=range], [type=radio], [type=checkbox])");
  return isTyped || node.isContentEditable;
}
