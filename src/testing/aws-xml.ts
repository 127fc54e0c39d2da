/** The content of an element: text or child elements, or `undefined` to omit the element. */
type XmlContent = string | number | boolean | undefined | readonly string[];

/** Formats `<name>content</name>`. Escapes text; a list contains elements that are already XML. */
export function element(name: string, content: XmlContent, namespace?: string): string {
  if (content === undefined) return "";
  const inner = typeof content === "object" ? content.join("") : escapeXml(String(content));
  const attribute = namespace === undefined ? "" : ` xmlns="${escapeXml(namespace)}"`;
  return `<${name}${attribute}>${inner}</${name}>`;
}

export function document(root: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${root}\n`;
}

const ENTITIES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;" };

function escapeXml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] as string);
}
