// Which file of a crate imports which other one: a simple reading of the Rust sources, without a compiler.
//
// What is read: the module tree (`mod x;`, with `#[path]`), `use` trees, and paths in the code that begin with `crate`,
// `super`, `self`, a child module or a module that was imported. Comments, texts and what is under `#[cfg(test)]` are
// left out. Not read: what macros make, and methods (a call `x.f()` says nothing of the file that has `f`).
//
// An arrow goes to the file in which the item is defined, through re-exports where they name it; otherwise to the
// module's file. A `pub use` by itself is no arrow: it only hands a name on. It is one if the file uses the name, too.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The text with comments and the insides of texts made blank, so that every offset stays what it was. */
function code(text) {
  const blank = (s) => s.replace(/[^\n]/g, ' ');
  const pattern =
    /\/\/[^\n]*|\/\*[\s\S]*?\*\/|\bb?r(#*)"[\s\S]*?"\1|b?"(?:\\[\s\S]|[^"\\])*"|b?'(?:\\(?:[^u]|u\{[^}]*\})|\\x[0-9a-fA-F]{2}|[^'\\\n])'/g;
  return text.replace(pattern, blank);
}

/** The offset after the bracket that closes the one at `from`. */
function after(text, from) {
  let depth = 0;
  for (let i = from; i < text.length; i++) {
    if ('{(['.includes(text[i])) depth++;
    if ('})]'.includes(text[i]) && --depth === 0) return i + 1;
  }
  return text.length;
}

/** The offset after the item that begins at `from`: after its `;` or its block. */
function afterItem(text, from) {
  for (let i = from; i < text.length; i++) {
    if (text[i] === ';') return i + 1;
    if (text[i] === '{') return after(text, i);
    if (text[i] === '(' || text[i] === '[') i = after(text, i) - 1;
  }
  return text.length;
}

/** The code with all items that only tests have made blank. */
function withoutTests(text) {
  let out = text;
  for (const m of text.matchAll(/#\[cfg\((?:all\()?test\b[^\]]*\]/g)) {
    let from = m.index + m[0].length;
    for (let a; (a = /^\s*#\[/.exec(out.slice(from))); ) from = after(out, from + a[0].length - 1);
    if (!/^\s*(pub(\([^)]*\))?\s+)?(use|mod|fn|const|static|type|struct|enum|impl|async|unsafe|extern)\b/.test(out.slice(from))) continue;
    const to = afterItem(out, from);
    out = out.slice(0, m.index) + out.slice(m.index, to).replace(/[^\n]/g, ' ') + out.slice(to);
  }
  return out;
}

/** `a::{b, c::d as e, f::*}` as `[[path, name], ...]`; the name of a glob is `*`. */
function paths(tree, before = []) {
  const t = tree.trim();
  const brace = t.indexOf('{');
  if (brace < 0) {
    const [path, alias] = t.split(/\s+as\s+/);
    const all = [...before, ...path.split('::').map((s) => s.trim()).filter(Boolean)];
    if (all.at(-1) === 'self') all.pop();
    return all.length > 0 ? [[all, alias ?? all.at(-1)]] : [];
  }
  const head = t.slice(0, brace).split('::').map((s) => s.trim()).filter(Boolean);
  const inner = t.slice(brace + 1, after(t, brace) - 1);
  const parts = [];
  let depth = 0;
  let from = 0;
  for (let i = 0; i <= inner.length; i++) {
    if (inner[i] === '{') depth++;
    if (inner[i] === '}') depth--;
    if (i === inner.length || (inner[i] === ',' && depth === 0)) {
      parts.push(inner.slice(from, i));
      from = i + 1;
    }
  }
  return parts.filter((p) => p.trim()).flatMap((p) => paths(p, [...before, ...head]));
}

/** One module: its file, its text as code, and its children. */
function readModule(file, folder, parent) {
  const module = { file, parent, children: new Map(), text: '', uses: [], defined: new Set() };
  module.text = withoutTests(code(readFileSync(file, 'utf8')));
  const original = readFileSync(file, 'utf8');
  for (const m of module.text.matchAll(/(?:^|\n)[^\S\n]*(?:pub(?:\([^)]*\))?\s+)?mod\s+(\w+)\s*;/g)) {
    const name = m[1];
    const before = original.slice(0, m.index + m[0].indexOf('mod'));
    const path = /#\[path\s*=\s*"([^"]+)"\]\s*(?:#\[[^\]]*\]\s*)*(?:pub(?:\([^)]*\))?\s+)?$/.exec(before)?.[1];
    const beside = join(folder, `${name}.rs`);
    const child = path ? join(dirname(file), path) : existsSync(beside) ? beside : join(folder, name, 'mod.rs');
    if (existsSync(child)) module.children.set(name, readModule(child, join(folder, name), module));
  }
  readInside(module);
  return module;
}

/** The inline modules of a module, its `use` statements and the names it defines. */
function readInside(module) {
  for (const m of module.text.matchAll(/\bmod\s+(\w+)\s*\{/g)) {
    if (module.children.has(m[1])) continue;
    const to = after(module.text, m.index + m[0].length - 1);
    const inner = { ...module, parent: module, children: new Map(), uses: [], defined: new Set() };
    inner.text = module.text.slice(m.index + m[0].length, to - 1);
    module.text = module.text.slice(0, m.index) + module.text.slice(m.index, to).replace(/[^\n]/g, ' ') + module.text.slice(to);
    readInside(inner);
    module.children.set(m[1], inner);
  }
  const use = /(?<![\w:])(pub(?:\([^)]*\))?\s+)?use\s+([^;]+);/g;
  for (const m of module.text.matchAll(use)) {
    for (const [path, name] of paths(m[2])) module.uses.push({ path, name, handedOn: Boolean(m[1]) });
  }
  module.rest = module.text.replace(use, ' ');
  const item = /(?:^|\n)[^\S\n]*(?:pub(?:\([^)]*\))?\s+)?(?:(?:const|async|unsafe|extern)\s+)*(?:struct|enum|union|trait|type|const|static|fn|macro_rules!)\s+(\w+)/g;
  for (const m of module.rest.matchAll(item)) module.defined.add(m[1]);
}

const root = (module) => (module.parent ? root(module.parent) : module);

/** The module or file that a path names, seen from a module; nothing if it leads out of the crate. */
function resolve(path, from, seen = new Set()) {
  let [first, ...rest] = path;
  let at = from;
  if (first === 'crate') at = root(from);
  else if (first === 'super' || first === 'self') {
    for (rest = path; rest[0] === 'super' || rest[0] === 'self'; rest = rest.slice(1)) if (rest[0] === 'super') at = at.parent ?? at;
  } else if (from.children.has(first)) rest = path;
  else {
    const alias = from.uses.find((u) => u.name === first && u.path[0] !== first && !seen.has(u));
    const target = alias && resolve(alias.path, from, new Set([...seen, alias]));
    if (!target?.module || rest.length === 0) return target;
    at = target.module;
  }
  while (rest.length > 0 && at.children.has(rest[0])) [at, rest] = [at.children.get(rest[0]), rest.slice(1)];
  if (rest.length === 0) return { module: at, file: at.file };
  const name = rest[0];
  if (at.defined.has(name)) return { file: at.file };
  for (const u of at.uses.filter((u) => u.handedOn && !seen.has(u))) {
    if (u.name !== name && u.name !== '*') continue;
    const found = resolve(u.name === '*' ? [...u.path.slice(0, -1), name] : u.path, at, new Set([...seen, u]));
    if (found && (u.name === name || found.defines)) return found;
    if (found && u.name === '*' && found.file !== at.file) return found;
  }
  return { file: at.file };
}

/** Adds the arrows of a module and its children to `out`: file -> the files it imports. */
function arrows(module, out) {
  const to = out.get(module.file) ?? new Set();
  out.set(module.file, to);
  const add = (path) => {
    const target = resolve(path, module);
    if (target && target.file !== module.file) to.add(target.file);
  };
  for (const u of module.uses) {
    const used = u.name !== '*' && new RegExp(`\\b${u.name}\\b`).test(module.rest);
    if (!u.handedOn || used) add(u.name === '*' ? u.path.slice(0, -1) : u.path);
  }
  for (const m of module.rest.matchAll(/(?<![\w:])(?:[a-z_]\w*)(?:::\w+)+/g)) {
    const path = m[0].split('::');
    const known = ['crate', 'super', 'self'].includes(path[0]) || module.children.has(path[0]) || module.uses.some((u) => u.name === path[0]);
    if (known) add(path);
  }
  for (const child of module.children.values()) arrows(child, out);
  return out;
}

/** File -> the files of the same crate that it imports. `src` is the crate's folder of sources. */
export function imports(src) {
  const out = new Map();
  for (const name of ['lib.rs', 'main.rs']) {
    if (existsSync(join(src, name))) arrows(readModule(join(src, name), src, null), out);
  }
  const bin = join(src, 'bin');
  if (existsSync(bin)) for (const f of readdirSync(bin)) if (f.endsWith('.rs')) arrows(readModule(join(bin, f), bin, null), out);
  return out;
}

/** The circles: groups of files of which each imports every other one, by some way (Tarjan). */
export function circles(imports) {
  const [index, low, stack, out] = [new Map(), new Map(), [], []];
  const visit = (v) => {
    index.set(v, index.size);
    low.set(v, index.get(v));
    stack.push(v);
    for (const w of imports.get(v) ?? []) {
      if (!index.has(w)) visit(w);
      if (stack.includes(w)) low.set(v, Math.min(low.get(v), low.get(w)));
    }
    if (low.get(v) !== index.get(v)) return;
    const group = stack.splice(stack.indexOf(v));
    if (group.length > 1) out.push(group.sort());
  };
  for (const v of imports.keys()) if (!index.has(v)) visit(v);
  return out;
}
