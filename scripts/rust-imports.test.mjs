// What rust-imports.mjs sees in a small made-up crate, and what it must not see.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { circles, imports } from './rust-imports.mjs';

/** The arrows of a crate with these files, as `a.rs -> b.rs`, and its circles. */
function read(files) {
  const src = mkdtempSync(join(tmpdir(), 'rust-imports-'));
  try {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(src, name)), { recursive: true });
      writeFileSync(join(src, name), text);
    }
    const found = imports(src);
    const name = (f) => f.slice(src.length + 1);
    const arrows = [...found].flatMap(([from, to]) => [...to].map((t) => `${name(from)} -> ${name(t)}`));
    return { arrows: arrows.sort(), circles: circles(found).map((c) => c.map(name)) };
  } finally {
    rmSync(src, { recursive: true });
  }
}

test('use trees, super, paths in the code and modules imported by name are arrows', () => {
  const { arrows } = read({
    'lib.rs': 'mod a;\nmod b;\nmod deep;\nuse std::fmt;',
    'a.rs': 'use crate::{b::{self as bee, B}, deep::inner::{One, two as too}};\nfn f() { bee::g() }',
    'b.rs': 'pub struct B;\npub fn g() -> u8 { crate::deep::other::X }',
    'deep/mod.rs': 'pub mod inner;\npub mod other;',
    'deep/inner.rs': 'pub struct One;\npub fn two() { super::other::h::<u8>() }',
    'deep/other.rs': 'pub const X: u8 = 1;\npub fn h<T>() {}',
  });
  assert.deepEqual(arrows, ['a.rs -> b.rs', 'a.rs -> deep/inner.rs', 'b.rs -> deep/other.rs', 'deep/inner.rs -> deep/other.rs']);
});

test('an arrow goes through re-exports to where the item is defined, and handing a name on is none', () => {
  const { arrows, circles } = read({
    'lib.rs': 'mod face;\nmod user;\npub use face::Thing;',
    'face/mod.rs': 'mod thing;\nmod all;\npub use thing::Thing;\npub(crate) use all::*;\npub struct Own;',
    'face/thing.rs': 'pub struct Thing;\nfn f(_: super::Own) {}',
    'face/all.rs': 'pub fn every() {}',
    'user.rs': 'use crate::Thing;\nuse crate::face::{every, Own};',
  });
  assert.deepEqual(arrows, ['face/thing.rs -> face/mod.rs', 'user.rs -> face/all.rs', 'user.rs -> face/mod.rs', 'user.rs -> face/thing.rs']);
  assert.deepEqual(circles, []);
});

test('a face that uses what it hands on imports it', () => {
  const { circles } = read({
    'lib.rs': 'mod face;',
    'face/mod.rs': 'mod thing;\npub use thing::Thing;\npub struct Own(Thing);',
    'face/thing.rs': 'pub struct Thing;\nfn f(_: super::Own) {}',
  });
  assert.deepEqual(circles, [['face/mod.rs', 'face/thing.rs']]);
});

test('comments, texts and tests are not read', () => {
  const { arrows } = read({
    'lib.rs': 'mod a;\nmod b;\n#[cfg(test)]\nmod t;\n#[cfg(test)]\n#[path = "b_tests.rs"]\nmod tests;',
    'a.rs': `// use crate::b::B;
/* crate::b::B */
const S: &str = "crate::b::B \\" crate::b::B";
const R: &str = r#"crate::b::B " "#;
const C: char = '"';
#[cfg(test)]
use crate::b::B;
#[cfg(test)]
mod tests { use crate::b::B; fn f() { if true { B } } }`,
    'b.rs': "pub struct B<'a>(&'a str);",
    't.rs': 'use crate::a::S;',
    'b_tests.rs': 'use crate::a::S;',
  });
  assert.deepEqual(arrows, []);
});

test('inline modules, paths of modules and circles of three', () => {
  const { arrows, circles } = read({
    'main.rs': '#[path = "elsewhere.rs"]\nmod a;\nmod b;\nmod c;',
    'elsewhere.rs': 'pub fn f() {}\nmod inner { use super::f; use super::super::b::g; }',
    'b.rs': 'pub fn g() { crate::c::h() }',
    'c.rs': 'pub fn h() { super::a::f() }',
  });
  assert.deepEqual(arrows, ['b.rs -> c.rs', 'c.rs -> elsewhere.rs', 'elsewhere.rs -> b.rs']);
  assert.deepEqual(circles, [['b.rs', 'c.rs', 'elsewhere.rs']]);
});
