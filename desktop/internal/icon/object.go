package main

import (
	"bytes"
	"encoding/binary"
)

// A Windows program carries its icon in the section .rsrc, a tree of kind, name and language; the linker
// takes it from an object file beside the sources. The formats are those of Microsoft's "PE Format" and of
// the resource file formats.

// Kinds of resources, and the name that the window library looks for its icon under.
const (
	kindIcon      = 3
	kindGroupIcon = 14
	kindManifest  = 24
	iconName      = 3
	manifestName  = 1
	languageNone  = 0x409
)

const (
	fileHeader, sectionHeader   = 20, 40
	directorySize, entrySize    = 16, 8
	dataEntrySize               = 16
	machineAMD64                = 0x8664
	relocationAddress32NB       = 3
	sectionFlags                = 0x40000040 // initialised data, readable
	subdirectory                = 1 << 31
	symbolSize, relocationBytes = 18, 10
)

// picturePNG is the icon in one size.
type picturePNG struct {
	size int
	data []byte
}

// leaf is one resource.
type leaf struct {
	kind, name uint32
	data       []byte
}

// object makes the object file.
func object(pictures []picturePNG, manifest []byte) []byte {
	var leaves []leaf
	for i, p := range pictures {
		leaves = append(leaves, leaf{kindIcon, uint32(i + 1), p.data})
	}
	leaves = append(leaves, leaf{kindGroupIcon, iconName, group(pictures)}, leaf{kindManifest, manifestName, manifest})
	section, relocations := tree(leaves)

	var out bytes.Buffer
	put := func(values ...any) {
		for _, v := range values {
			_ = binary.Write(&out, binary.LittleEndian, v) // a buffer takes everything
		}
	}
	relocationsAt := fileHeader + sectionHeader + len(section)
	symbolsAt := relocationsAt + len(relocations)*relocationBytes
	put(uint16(machineAMD64), uint16(1), uint32(0), uint32(symbolsAt), uint32(1), uint16(0), uint16(0))
	put([]byte(".rsrc\x00\x00\x00"), uint32(0), uint32(0), uint32(len(section)), uint32(fileHeader+sectionHeader),
		uint32(relocationsAt), uint32(0), uint16(len(relocations)), uint16(0), uint32(sectionFlags))
	out.Write(section)
	for _, at := range relocations {
		put(at, uint32(0), uint16(relocationAddress32NB))
	}
	// The symbol that addresses are relative to: the section itself. Then an empty table of strings.
	put([]byte(".rsrc\x00\x00\x00"), uint32(0), uint16(1), uint16(0), uint8(3), uint8(0), uint32(4))
	return out.Bytes()
}

// group lists the sizes of an icon.
func group(pictures []picturePNG) []byte {
	var out bytes.Buffer
	put := func(values ...any) {
		for _, v := range values {
			_ = binary.Write(&out, binary.LittleEndian, v)
		}
	}
	put(uint16(0), uint16(1), uint16(len(pictures)))
	for i, p := range pictures {
		side := uint8(p.size) // 256 is written as 0
		put(side, side, uint8(0), uint8(0), uint16(1), uint16(32), uint32(len(p.data)), uint16(i+1))
	}
	return out.Bytes()
}

// tree lays out directories (kinds, names, languages), then data entries, then data. It also gives where
// addresses stand that the linker must fill in.
func tree(leaves []leaf) (section []byte, relocations []uint32) {
	var kinds []uint32
	names := map[uint32]int{}
	for _, l := range leaves {
		if names[l.kind] == 0 {
			kinds = append(kinds, l.kind)
		}
		names[l.kind]++
	}
	namesAt := directorySize + entrySize*len(kinds)
	languagesAt := namesAt + directorySize*len(kinds) + entrySize*len(leaves)
	entriesAt := languagesAt + (directorySize+entrySize)*len(leaves)
	dataAt := entriesAt + dataEntrySize*len(leaves)

	var out bytes.Buffer
	put := func(values ...uint32) {
		for _, v := range values {
			_ = binary.Write(&out, binary.LittleEndian, v)
		}
	}
	directory := func(entries int) { put(0, 0, 0, uint32(entries)<<16) }
	directory(len(kinds))
	at := namesAt
	for _, kind := range kinds {
		put(kind, uint32(at)|subdirectory)
		at += directorySize + entrySize*names[kind]
	}
	for i, kind := 0, 0; kind < len(kinds); kind++ {
		directory(names[kinds[kind]])
		for range names[kinds[kind]] {
			put(leaves[i].name, uint32(languagesAt+(directorySize+entrySize)*i)|subdirectory)
			i++
		}
	}
	for i := range leaves {
		directory(1)
		put(languageNone, uint32(entriesAt+dataEntrySize*i))
	}
	at = dataAt
	for i, l := range leaves {
		relocations = append(relocations, uint32(entriesAt+dataEntrySize*i))
		put(uint32(at), uint32(len(l.data)), 0, 0)
		at += aligned(len(l.data))
	}
	for _, l := range leaves {
		out.Write(l.data)
		out.Write(make([]byte, aligned(len(l.data))-len(l.data)))
	}
	return out.Bytes(), relocations
}

func aligned(n int) int { return (n + 7) &^ 7 }
