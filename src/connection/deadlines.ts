/**
 * Deadlines of many connections, checked by a coarse sweep.
 *
 * All deadlines of the same length share a lane, in which the one set first is due first. Setting, moving and clearing
 * one takes constant time and allocates nothing; a sweep looks at what is due and one more per lane. So thousands of
 * idle connections cost an active one nothing. Deliberately absent: the clock. Whoever calls says what time it is.
 */
import { LinkedList, ListNode } from "./lists.ts";

/** Whose deadline it is. */
export interface DeadlineOwner {
  /** The deadline has passed; it is cleared already. */
  onDeadline(): void;
}

/** One deadline; setting it again moves it. */
export class Deadline<Owner extends DeadlineOwner = DeadlineOwner> extends ListNode {
  /** When it is due, in whole milliseconds of whoever sets it: those need no number of their own. */
  due = 0;
  readonly owner: Owner;

  constructor(owner: Owner) {
    super();
    this.owner = owner;
  }
}

export class Deadlines {
  /** Deadlines set at present. */
  size = 0;
  private readonly lanes = new Map<number, LinkedList<Deadline>>();

  /** Sets `deadline` to `delay_ms` (more than 0) from `now`, wherever it was before. */
  set(deadline: Deadline, delay_ms: number, now: number): void {
    if (!deadline.isListed) this.size++;
    deadline.due = Math.ceil(now + delay_ms);
    this.lane(delay_ms).push(deadline);
  }

  clear(deadline: Deadline): void {
    if (!deadline.isListed) return;
    deadline.leave();
    this.size--;
  }

  /** Tells the owner of every deadline that is due at `now`; each is cleared before. */
  sweep(now: number): void {
    for (const [delay_ms, lane] of this.lanes) {
      for (let deadline = lane.oldest; deadline !== undefined && deadline.due <= now; deadline = lane.oldest) {
        this.clear(deadline);
        deadline.owner.onDeadline();
      }
      if (lane.size === 0) this.lanes.delete(delay_ms);
    }
  }

  private lane(delay_ms: number): LinkedList<Deadline> {
    let lane = this.lanes.get(delay_ms);
    if (lane === undefined) {
      lane = new LinkedList();
      this.lanes.set(delay_ms, lane);
    }
    return lane;
  }
}
