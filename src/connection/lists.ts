/**
 * Lists that a node can join and leave in constant time: the order of idleness, and lanes of deadlines.
 *
 * A node belongs to one list at a time and carries its links itself, so that moving it allocates nothing.
 */
export class ListNode {
  /** @internal */ list: LinkedList<ListNode> | undefined;
  /** @internal */ previous: ListNode | undefined;
  /** @internal */ next: ListNode | undefined;

  get isListed(): boolean {
    return this.list !== undefined;
  }

  leave(): void {
    this.list?.remove(this);
  }
}

/** A node that stands for something else, where that is in several lists. */
export class OwnedNode<Owner> extends ListNode {
  readonly owner: Owner;

  constructor(owner: Owner) {
    super();
    this.owner = owner;
  }
}

/** What may be a member, of one set at a time: it carries its links itself. */
export interface Member<Self> {
  /** @internal */ memberBefore: Self | undefined;
  /** @internal */ memberBehind: Self | undefined;
}

/**
 * What comes and goes all the time, in the order in which it came.
 *
 * Deliberately not a `Set`: V8 makes a new table for every few dozen that have gone, and each old table leads to the next. Once
 * one is among the long-lived objects, all that were members when a table was replaced outlive their collection, though they
 * are gone, and each collection of short-lived objects takes the longer for it (test/guard/survivors.test.ts, docs/performance.md).
 */
export class Members<One extends Member<One>> {
  size = 0;
  private first: One | undefined;
  private last: One | undefined;

  /** @param one in no set yet */
  add(one: One): void {
    const { last } = this;
    one.memberBefore = last;
    if (last === undefined) this.first = one;
    else last.memberBehind = one;
    this.last = one;
    this.size++;
  }

  /** Nothing happens when it has left before. */
  delete(one: One): void {
    const { memberBefore, memberBehind } = one;
    if (memberBefore === undefined && this.first !== one) return;
    if (memberBefore === undefined) this.first = memberBehind;
    else memberBefore.memberBehind = memberBehind;
    if (memberBehind === undefined) this.last = memberBefore;
    else memberBehind.memberBefore = memberBefore;
    one.memberBefore = undefined;
    one.memberBehind = undefined;
    this.size--;
  }

  /** The current one may leave during iteration. */
  *[Symbol.iterator](): Generator<One> {
    let one = this.first;
    while (one !== undefined) {
      const next: One | undefined = one.memberBehind;
      yield one;
      one = next;
    }
  }
}

export class LinkedList<Node extends ListNode> {
  size = 0;
  private head: Node | undefined;
  private tail: Node | undefined;

  /** The node that has been in the list for longest. */
  get oldest(): Node | undefined {
    return this.head;
  }

  /** The node that joined last. */
  get newest(): Node | undefined {
    return this.tail;
  }

  /** Joins at the newest end, leaving the list it was in. */
  push(node: Node): void {
    node.leave();
    node.list = this as unknown as LinkedList<ListNode>;
    node.previous = this.tail;
    if (this.tail === undefined) this.head = node;
    else this.tail.next = node;
    this.tail = node;
    this.size++;
  }

  remove(node: Node): void {
    if (node.list !== (this as unknown as LinkedList<ListNode>)) return;
    if (node.previous === undefined) this.head = node.next as Node | undefined;
    else node.previous.next = node.next;
    if (node.next === undefined) this.tail = node.previous as Node | undefined;
    else node.next.previous = node.previous;
    node.list = undefined;
    node.previous = undefined;
    node.next = undefined;
    this.size--;
  }

  /** The node that joined right before `node`. */
  olderThan(node: Node): Node | undefined {
    return node.previous as Node | undefined;
  }

  /** From the newest to the oldest; the current one may leave during iteration. */
  *fromNewest(): Generator<Node> {
    let node = this.tail;
    while (node !== undefined) {
      const previous = node.previous as Node | undefined;
      yield node;
      node = previous;
    }
  }

  /** From the oldest to the newest; the current one may leave during iteration. */
  *[Symbol.iterator](): Generator<Node> {
    let node = this.head;
    while (node !== undefined) {
      const next = node.next as Node | undefined;
      yield node;
      node = next;
    }
  }
}
