// Verifies a Jadegate log with the code that Go's own checksum database is verified with
// (golang.org/x/mod/sumdb: note, tlog), none of which this project wrote: the checkpoint's signature,
// every leaf's inclusion, the consistency of earlier sizes, and the signatures of witnesses.
package main

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func fail(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "FAILED: "+format+"\n", args...)
	os.Exit(1)
}

func fetch(address string) []byte {
	answer, err := http.Get(address)
	if err != nil {
		fail("%v", err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != 200 {
		fail("%s: status %d, %v", address, answer.StatusCode, err)
	}
	return body
}

// The path of tlog-tiles: Go's own has the height in it, which is always 8 there.
func path(tile tlog.Tile) string {
	return strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
}

// Tiles never change: each is asked for once.
type tiles struct {
	prefix string
	known  map[string][]byte
}

func (t tiles) Height() int { return 8 }

func (t tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range wanted {
		name := path(tile)
		if t.known[name] == nil {
			t.known[name] = fetch(t.prefix + "/" + name)
		}
		all = append(all, t.known[name])
	}
	return all, nil
}

func (t tiles) SaveTiles([]tlog.Tile, [][]byte) {}

// The log's name, size and root in a signed checkpoint.
func open(signed []byte, log note.Verifier) (*note.Note, tlog.Tree) {
	opened, err := note.Open(signed, note.VerifierList(log))
	if err != nil {
		fail("checkpoint: %v", err)
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) < 4 || lines[0] != log.Name() {
		fail("not a checkpoint of %s", log.Name())
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		fail("size: %v", err)
	}
	root, err := tlog.ParseHash(lines[2])
	if err != nil {
		fail("root: %v", err)
	}
	return opened, tlog.Tree{N: size, Hash: root}
}

// All leaves in order, out of the entry bundles.
func leaves(prefix string, size int64) [][]byte {
	var all [][]byte
	for at := int64(0); at < size; at += 256 {
		width := size - at
		if width > 256 {
			width = 256
		}
		tile := tlog.Tile{H: 8, L: 0, N: at / 256, W: int(width)}
		name := strings.Replace(path(tile), "tile/0/", "tile/entries/", 1)
		rest := fetch(prefix + "/" + name)
		for len(rest) >= 2 {
			length := int(binary.BigEndian.Uint16(rest))
			if len(rest) < 2+length {
				fail("%s ends within a leaf", name)
			}
			all = append(all, rest[2:2+length])
			rest = rest[2+length:]
		}
		if len(rest) != 0 {
			fail("%s ends within a leaf", name)
		}
	}
	if int64(len(all)) != size {
		fail("%d leaves, and the checkpoint says %d", len(all), size)
	}
	return all
}

// The moment at which this witness (name+id+key, kind 4) signed the checkpoint.
func cosigned(opened *note.Note, vkey string) uint64 {
	parts := strings.SplitN(vkey, "+", 3)
	if len(parts) != 3 {
		fail("not a witness's key: %s", vkey)
	}
	key, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || len(key) != 33 || key[0] != 4 {
		fail("not a witness's key: %s", vkey)
	}
	for _, signature := range opened.UnverifiedSigs {
		if signature.Name != parts[0] || fmt.Sprintf("%08x", signature.Hash) != parts[1] {
			continue
		}
		raw, err := base64.StdEncoding.DecodeString(signature.Base64)
		if err != nil || len(raw) != 4+8+64 {
			fail("the witness's signature has another length")
		}
		seconds := binary.BigEndian.Uint64(raw[4:12])
		message := fmt.Sprintf("cosignature/v1\ntime %d\n%s", seconds, opened.Text)
		if !ed25519.Verify(ed25519.PublicKey(key[1:]), []byte(message), raw[12:]) {
			fail("the witness's signature does not verify")
		}
		return seconds
	}
	fail("%s did not sign", parts[0])
	return 0
}

func main() {
	witness := flag.String("witness", "", "key of a witness that must have signed")
	from := flag.String("from", "", "file with a checkpoint of an earlier visit")
	flag.Parse()
	address := strings.TrimSuffix(flag.Arg(0), "/")
	prefix := address + "/v1/log"

	var keys struct{ Log string }
	if err := json.Unmarshal(fetch(address+"/v1/keys"), &keys); err != nil {
		fail("keys: %v", err)
	}
	log, err := note.NewVerifier(keys.Log)
	if err != nil {
		fail("the log's key: %v", err)
	}
	opened, tree := open(fetch(prefix+"/checkpoint"), log)
	fmt.Printf("checkpoint   %s, %d leaves, signed\n", log.Name(), tree.N)
	if *witness != "" {
		fmt.Printf("witness      signed at %d\n", cosigned(opened, *witness))
	}

	// Every tile is verified against the checkpoint as it is read.
	hashes := tlog.TileHashReader(tree, tiles{prefix, map[string][]byte{}})
	for i, leaf := range leaves(prefix, tree.N) {
		proof, err := tlog.ProveRecord(tree.N, int64(i), hashes)
		if err != nil {
			fail("leaf %d: %v", i, err)
		}
		if err := tlog.CheckRecord(proof, tree.N, tree.Hash, int64(i), tlog.RecordHash(leaf)); err != nil {
			fail("leaf %d: %v", i, err)
		}
		// That it can fail.
		other := tlog.RecordHash(append(append([]byte{}, leaf...), 0x20))
		if tlog.CheckRecord(proof, tree.N, tree.Hash, int64(i), other) == nil {
			fail("leaf %d: another leaf is taken for it", i)
		}
	}
	fmt.Printf("inclusion    all %d leaves\n", tree.N)

	checked := 0
	for old := int64(1); old <= tree.N; old += 1 + old/16 {
		root, err := tlog.TreeHash(old, hashes)
		if err != nil {
			fail("size %d: %v", old, err)
		}
		consistent(hashes, tlog.Tree{N: old, Hash: root}, tree)
		checked++
	}
	fmt.Printf("consistency  %d earlier sizes\n", checked)
	if *from != "" {
		signed, err := os.ReadFile(*from)
		if err != nil {
			fail("%v", err)
		}
		_, old := open(signed, log)
		consistent(hashes, old, tree)
		fmt.Printf("consistency  with the %d leaves of %s\n", old.N, *from)
	}
}

func consistent(hashes tlog.HashReader, old, now tlog.Tree) {
	proof, err := tlog.ProveTree(now.N, old.N, hashes)
	if err == nil {
		err = tlog.CheckTree(proof, now.N, now.Hash, old.N, old.Hash)
	}
	if err != nil {
		fail("from %d to %d leaves: %v", old.N, now.N, err)
	}
}
