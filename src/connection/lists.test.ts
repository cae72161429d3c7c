/** Lists whose nodes join and leave in constant time. */
import { describe, expect, it } from "vitest";
import { LinkedList, OwnedNode } from "./lists.ts";

type Node = OwnedNode<string>;

function listOf(...names: string[]): { readonly list: LinkedList<Node>; readonly nodes: Record<string, Node> } {
  const list = new LinkedList<Node>();
  const nodes: Record<string, Node> = {};
  for (const name of names) {
    const node = new OwnedNode(name);
    nodes[name] = node;
    list.push(node);
  }
  return { list, nodes };
}

const orderOf = (list: LinkedList<Node>) => [...list].map((node) => node.owner).join("");
const reverseOf = (list: LinkedList<Node>) => [...list.fromNewest()].map((node) => node.owner).join("");

/** Both directions, both ends and the size agree. */
function expectOrder(list: LinkedList<Node>, order: string): void {
  expect(orderOf(list)).toBe(order);
  expect(reverseOf(list)).toBe([...order].reverse().join(""));
  expect(list.size).toBe(order.length);
  expect(list.oldest?.owner).toBe(order[0]);
  expect(list.newest?.owner).toBe(order.at(-1));
}

describe("order", () => {
  it("an empty list", () => expectOrder(new LinkedList(), ""));
  it("the order of joining", () => expectOrder(listOf("a", "b", "c").list, "abc"));

  for (const [name, left] of [
    ["a", "bc"],
    ["b", "ac"],
    ["c", "ab"],
  ] as const) {
    it(`${name} leaves`, () => {
      const { list, nodes } = listOf("a", "b", "c");
      nodes[name]?.leave();
      expectOrder(list, left);
      expect(nodes[name]?.isListed).toBe(false);
      nodes[name]?.leave();
      expectOrder(list, left);
    });

    it(`${name} joins again, as the newest`, () => {
      const { list, nodes } = listOf("a", "b", "c");
      list.push(nodes[name] as Node);
      expectOrder(list, left + name);
    });
  }

  it("the only one leaves and comes back", () => {
    const { list, nodes } = listOf("a");
    nodes.a?.leave();
    expectOrder(list, "");
    list.push(nodes.a as Node);
    expectOrder(list, "a");
  });
});

it("a node is in one list: joining another leaves the first", () => {
  const first = listOf("a", "b");
  const second = listOf("c");
  second.list.push(first.nodes.a as Node);
  expectOrder(first.list, "b");
  expectOrder(second.list, "ca");
});

it("a list does not remove another's node", () => {
  const first = listOf("a");
  const second = listOf("b");
  second.list.remove(first.nodes.a as Node);
  expectOrder(first.list, "a");
  expectOrder(second.list, "b");
});

it("the current one may leave while the list is walked, in either direction", () => {
  const forwards = listOf("a", "b", "c");
  for (const node of forwards.list) node.leave();
  expectOrder(forwards.list, "");
  const backwards = listOf("a", "b", "c");
  for (const node of backwards.list.fromNewest()) if (node.owner !== "b") node.leave();
  expectOrder(backwards.list, "b");
});
