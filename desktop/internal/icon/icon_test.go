package main

import (
	"bytes"
	"debug/pe"
	"encoding/binary"
	"image/png"
	"os"
	"path/filepath"
	"testing"
)

func TestTheCommittedFilesAreThoseDrawn(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	picture, resource := filepath.Join(dir, "icon.png"), filepath.Join(dir, "x.syso")
	if err := write(picture, resource); err != nil {
		t.Fatal(err)
	}
	for drawn, committed := range map[string]string{picture: "icon.png", resource: "rsrc_windows_amd64.syso"} {
		a, errA := os.ReadFile(drawn)
		b, errB := os.ReadFile(filepath.Join("..", "..", committed))
		if errA != nil || errB != nil || !bytes.Equal(a, b) {
			t.Errorf("%s is stale: run go generate in desktop (%v, %v)", committed, errA, errB)
		}
	}
}

func TestTheIconIsAPlateWithAGate(t *testing.T) {
	t.Parallel()
	for _, size := range sizes {
		data, err := encode(size)
		if err != nil {
			t.Fatal(err)
		}
		picture, err := png.Decode(bytes.NewReader(data))
		if err != nil || picture.Bounds().Dx() != size {
			t.Fatalf("%d: %v", size, err)
		}
		if _, _, _, a := picture.At(0, 0).RGBA(); a > 0x4000 {
			t.Errorf("%d: the corner is not round", size)
		}
		if r, g, _, a := picture.At(size/2, size-2).RGBA(); a < 0xf000 || r < 2*g {
			t.Errorf("%d: the plate is not red: %x %x %x", size, r, g, a)
		}
	}
	white := draw(256).NRGBAAt(128, 60)
	if white.R != 255 || white.G != 255 {
		t.Errorf("no roof: %v", white)
	}
}

func TestTheResourceIsAnObjectFileThatLinkersRead(t *testing.T) {
	t.Parallel()
	file, err := pe.NewFile(bytes.NewReader(object([]picturePNG{{16, []byte("png one")}, {256, []byte("png two")}}, []byte("manifest"))))
	if err != nil {
		t.Fatal(err)
	}
	section := file.Section(".rsrc")
	if file.Machine != pe.IMAGE_FILE_MACHINE_AMD64 || section == nil || len(section.Relocs) != 4 {
		t.Fatalf("machine %x, section %+v", file.Machine, section)
	}
	data, err := section.Data()
	if err != nil {
		t.Fatal(err)
	}
	want := [][]byte{[]byte("png one"), []byte("png two"), nil, []byte("manifest")}
	for i, reloc := range section.Relocs {
		at, size := binary.LittleEndian.Uint32(data[reloc.VirtualAddress:]), binary.LittleEndian.Uint32(data[reloc.VirtualAddress+4:])
		if got := data[at : at+size]; want[i] != nil && !bytes.Equal(got, want[i]) {
			t.Errorf("resource %d is %q", i, got)
		}
	}
}
