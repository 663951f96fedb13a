/** The few things the figures ask of a DOM (jsdom has no types of its own, and Deno none for SVG). */

/** An element or a text node. */
export interface SvgNode {
  nodeName: string;
  /** 1 for an element, 3 for text. */
  nodeType: number;
  nodeValue: string | null;
  textContent: string | null;
  parentNode: SvgNode | null;
  childNodes: ArrayLike<SvgNode>;
  getAttribute(name: string): string | null;
  setAttribute(name: string, value: string): void;
  appendChild(child: SvgNode): void;
  replaceWith(other: SvgNode): void;
}

/** A parsed SVG. */
export interface SvgDocument {
  documentElement: SvgNode;
  querySelectorAll(selector: string): ArrayLike<SvgNode>;
  createElementNS(namespace: string, name: string): SvgNode;
}

/** The parent, where that is an element. */
export function parentOf(node: SvgNode): SvgNode | null {
  return node.parentNode?.nodeType === 1 ? node.parentNode : null;
}

/** The elements directly inside. */
export function childrenOf(node: SvgNode): SvgNode[] {
  return Array.from(node.childNodes).filter((child) => child.nodeType === 1);
}
