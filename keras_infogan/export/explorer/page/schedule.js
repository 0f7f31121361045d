// Who is painted next. A view is a number of pieces, each one batch; all are
// stale after a change. What is seen comes before what is not, the large picture
// before the wall; and a change while painting just makes pieces stale again, so
// that the newest codes win and nothing queues up.

export class Schedule {
  #views = [];
  #draining = null;
  #onError;

  constructor(onError) {
    this.#onError = onError;
  }

  /** A view of {element, pieces(), paint(piece)}; the earlier, the sooner. */
  add({ element, pieces = () => 1, paint }) {
    const view = { stale: new Set(), next: 0, seen: true, pieces, paint };
    new IntersectionObserver((entries) => {
      view.seen = entries.at(-1).isIntersecting;
    }).observe(element);
    this.#views.push(view);
    return () => {
      view.stale = new Set(Array(pieces()).keys());
      this.#draining ??= this.#drain();
    };
  }

  /** Resolves when everything has been painted. */
  async settled() {
    while (this.#draining) await this.#draining;
  }

  async #drain() {
    await null; // so that all changes of one event come first
    try {
      for (let view; (view = this.#nextView());) {
        // On from where it was, or the end of a wall would never have its turn.
        const waiting = [...view.stale].sort((a, b) => a - b);
        const piece = waiting.find((p) => p >= view.next) ?? waiting[0];
        view.next = piece + 1;
        view.stale.delete(piece);
        await view.paint(piece);
      }
    } catch (error) {
      this.#onError(error);
      throw error;
    } finally {
      // The next change starts anew, also after an error.
      this.#draining = null;
    }
  }

  #nextView() {
    const stale = this.#views.filter((view) => view.stale.size);
    return stale.find((view) => view.seen) ?? stale[0];
  }
}
