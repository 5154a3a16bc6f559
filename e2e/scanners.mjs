// Hand scanners as they are sold, played through the debugger: keys reach the page as from a keyboard,
// text as from an input method.

const CTRL = 2;
const ALT = 1;
const SHIFT = 8;
const US = {
  ' ': ['Space', 32], '-': ['Minus', 189], '.': ['Period', 190], '/': ['Slash', 191], ']': ['BracketRight', 221],
  $: ['Digit4', 52, SHIFT], '%': ['Digit5', 53, SHIFT], '*': ['Digit8', 56, SHIFT], '+': ['Equal', 187, SHIFT], ':': ['Semicolon', 186, SHIFT],
};
/** What a German machine makes of the keys of an American scanner. */
const GERMAN = { Semicolon: 'Ö', Minus: 'ß', Slash: '-', Equal: '`', Digit8: '(', KeyZ: 'Y', KeyY: 'Z', BracketRight: '+' };

/** Key, place and number of a character on an American keyboard. */
function stroke(c) {
  if (/\d/.test(c)) return { key: c, code: `Digit${c}`, windowsVirtualKeyCode: c.charCodeAt(0), modifiers: 0 };
  if (/[A-Za-z]/.test(c)) return { key: c, code: `Key${c.toUpperCase()}`, windowsVirtualKeyCode: c.toUpperCase().charCodeAt(0), modifiers: c === c.toUpperCase() ? SHIFT : 0 };
  const [code, windowsVirtualKeyCode, modifiers = 0] = US[c];
  return { key: c, code, windowsVirtualKeyCode, modifiers };
}

const ENTER = { key: 'Enter', code: 'Enter', windowsVirtualKeyCode: 13, text: '\r' };
const TAB = { key: 'Tab', code: 'Tab', windowsVirtualKeyCode: 9 };
const LF = { key: 'j', code: 'KeyJ', windowsVirtualKeyCode: 74, modifiers: CTRL };
const CR = { key: 'm', code: 'KeyM', windowsVirtualKeyCode: 77, modifiers: CTRL };

/** Ways of typing a code, each a function of the debugger's session, the code, and a pause. */
function ways(cdp, pause) {
  const press = async (s) => {
    await cdp.send('Input.dispatchKeyEvent', { type: 'keyDown', ...s });
    await cdp.send('Input.dispatchKeyEvent', { type: 'keyUp', ...s, text: undefined });
  };
  const keys = (text, change = (s) => s) => [...text].map((c) => change({ ...stroke(c), text: c }));
  const type = async (strokes, gap = 0, stall = 0) => {
    for (const [i, s] of strokes.entries()) {
      await press(s);
      if (gap > 0) await pause(stall > 0 && i % 40 === 20 ? stall : gap);
    }
  };
  const held = { key: 'Alt', code: 'AltLeft', windowsVirtualKeyCode: 18 };
  const numbered = async (text) => {
    for (const c of text) {
      await cdp.send('Input.dispatchKeyEvent', { type: 'rawKeyDown', ...held, modifiers: ALT });
      for (const d of String(c.charCodeAt(0)).padStart(4, '0')) {
        await press({ key: d, code: `Numpad${d}`, windowsVirtualKeyCode: 96 + Number(d), modifiers: ALT, isKeypad: true });
      }
      await cdp.send('Input.dispatchKeyEvent', { type: 'keyUp', ...held });
    }
  };
  const silent = { key: 'Unidentified', code: '', windowsVirtualKeyCode: 229 };
  const german = (s) => ({ ...s, key: GERMAN[s.code] ?? s.key, text: GERMAN[s.code] ?? s.text });
  return {
    'Enter after it': async (code) => type([...keys(code), ENTER]),
    'Tab after it': async (code) => type([...keys(code), TAB]),
    'a line feed after it, which is Ctrl+J': async (code) => type([...keys(code), LF]),
    'carriage return and line feed as Ctrl+M and Ctrl+J': async (code) => type([...keys(code), CR, LF]),
    'nothing after it': async (code) => type(keys(code)),
    'an AIM identifier and a prefix before it': async (code) => type([...keys(`]Q1GATE7:${code}`), ENTER]),
    'Caps Lock on': async (code) => type([...keys(code, (s) => ({ ...s, key: s.key.toLowerCase(), text: s.key.toLowerCase() })), ENTER]),
    'the keys of an American keyboard on a German machine': async (code) => type([...keys(`]Q1${code}`, german), ENTER]),
    'Alt held and numbers on the numpad': async (code) => {
      await numbered(code);
      await press(ENTER);
    },
    'Bluetooth, 120 ms a key with stalls': async (code) => type([...keys(code), ENTER], 120, 400),
    'text through an input method, as on Android': async (code) => {
      for (const c of code) {
        await cdp.send('Input.dispatchKeyEvent', { type: 'rawKeyDown', ...silent });
        await cdp.send('Input.insertText', { text: c });
      }
      await press(ENTER);
    },
    'text that is composed and has no end': async (code) => {
      await cdp.send('Input.dispatchKeyEvent', { type: 'rawKeyDown', ...silent });
      await cdp.send('Input.imeSetComposition', { text: code.slice(0, 9), selectionStart: 9, selectionEnd: 9 });
      await cdp.send('Input.insertText', { text: code });
    },
  };
}

/**
 * Types a code in each way. `read` waits for what the page makes of it, and clears it away. Returns the
 * names of the keys with Ctrl that were left to the browser.
 */
export async function scanInEachWay(page, code, read) {
  const cdp = await page.context().newCDPSession(page);
  await page.evaluate(() => {
    globalThis.left = [];
    // After all listeners of the page: what it has not kept goes to the browser.
    addEventListener('keydown', (e) => setTimeout(() => e.ctrlKey && !e.defaultPrevented && globalThis.left.push(e.key)), true);
  });
  for (const [name, type] of Object.entries(ways(cdp, (ms) => page.waitForTimeout(ms)))) {
    await type(await code());
    await read(name);
    // A suffix that comes late is kept from the page for a while; so would be a key of the next step.
    await page.waitForTimeout(700);
  }
  const left = await page.evaluate(() => globalThis.left);
  await cdp.detach();
  return left;
}

/** Keys that say nothing, while nothing on the page may get text: a scanner that cannot be read. */
export async function scanUnreadably(page) {
  const cdp = await page.context().newCDPSession(page);
  for (let i = 0; i < 30; i++) {
    await cdp.send('Input.dispatchKeyEvent', { type: 'rawKeyDown', key: 'Unidentified', code: '', windowsVirtualKeyCode: 229 });
  }
  await cdp.detach();
}
