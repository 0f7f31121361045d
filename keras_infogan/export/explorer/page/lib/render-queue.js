// Decides what to paint next. A view consists of parts, each painted in one
// batch; a change makes all of them stale. Visible views come first, then those
// that were added first. A change during painting only marks parts as stale
// again, so the newest codes win and no work piles up.

export class RenderQueue {
  #views = [];
  #draining = null;
  #onError;

  constructor(onError) {
    this.#onError = onError;
  }

  /** Adds a view {element, countParts(), paint(part)}; returns its refresh(). */
  add({ element, countParts = () => 1, paint }) {
    const view = { stale: new Set(), next: 0, visible: true, paint };
    new IntersectionObserver((entries) => {
      view.visible = entries.at(-1).isIntersecting;
    }).observe(element);
    this.#views.push(view);
    return () => {
      view.stale = new Set(Array(countParts()).keys());
      this.#draining ??= this.#drain();
    };
  }

  /** Resolves once everything is painted. */
  async settled() {
    while (this.#draining) await this.#draining;
  }

  async #drain() {
    await null; // let all changes of the current event arrive
    try {
      for (let view; (view = this.#nextView());) {
        // Continue after the last part, or the end of the gallery would starve.
        const waiting = [...view.stale].sort((a, b) => a - b);
        const part = waiting.find((each) => each >= view.next) ?? waiting[0];
        view.next = part + 1;
        view.stale.delete(part);
        await view.paint(part);
      }
    } catch (error) {
      this.#onError(error);
      throw error;
    } finally {
      // The next change starts again, also after an error.
      this.#draining = null;
    }
  }

  #nextView() {
    const stale = this.#views.filter((view) => view.stale.size);
    return stale.find((view) => view.visible) ?? stale[0];
  }
}
