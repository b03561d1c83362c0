package graph

import (
	"fmt"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/posthouse/posthouse/internal/errs"
)

const (
	// introspectionDepth is how much deeper the questions of tools about the schema may nest: they
	// follow a type through all its lists and non-nulls.
	introspectionDepth = 12
	// maxRepeats is how many pairs of fields may come to stand in the same place of the answer.
	// Validation compares each pair, at a microsecond or so.
	maxRepeats = 20_000
	// maxFragments is how many fragments a document may define, and maxSpreads how often it may use one:
	// validation follows each use of each through all the others.
	maxFragments = 50
	maxSpreads   = 200
)

// measure walks a document without following a fragment into itself, and finds how deep it nests, how
// many aliases it has and how often fields are repeated. Fragments count wherever they are spread, as
// they are executed there.
type measure struct {
	doc     *ast.QueryDocument
	limits  Limits
	aliases int
	visits  int
	repeats int
	spreads int
	used    map[*ast.FragmentDefinition]bool
}

// spot is a place in the answer and how many fields stand there.
type spot struct {
	fields int
	below  map[string]*spot
}

func (s *spot) at(name string) *spot {
	if s.below == nil {
		s.below = map[string]*spot{}
	}
	next := s.below[name]
	if next == nil {
		next = &spot{}
		s.below[name] = next
	}
	return next
}

// check refuses documents over the limits before they are validated, because validation itself takes
// time that grows with their size, and with the square of their repetitions. Fragments that nothing
// uses, which it therefore could not measure, are refused too.
func (m *measure) check() *errs.Error {
	if len(m.doc.Fragments) > maxFragments {
		return errTooComplex
	}
	m.used = make(map[*ast.FragmentDefinition]bool, len(m.doc.Fragments))
	for _, op := range m.doc.Operations {
		if err := m.selections(op.SelectionSet, 1, &spot{}, nil); err != nil {
			return err
		}
	}
	for _, fragment := range m.doc.Fragments {
		if !m.used[fragment] {
			return errQueryInvalid.WithDetail(fmt.Sprintf("Fragment %q is never used.", fragment.Name))
		}
	}
	return nil
}

func (m *measure) selections(set ast.SelectionSet, depth int, in *spot, inside []string) *errs.Error {
	if depth > m.limits.Depth && len(set) > 0 {
		return errTooDeep
	}
	for _, selection := range set {
		if m.visits++; m.visits > m.limits.Tokens {
			return errTooComplex
		}
		if err := m.selection(selection, depth, in, inside); err != nil {
			return err
		}
	}
	return nil
}

func (m *measure) selection(selection ast.Selection, depth int, in *spot, inside []string) *errs.Error {
	switch s := selection.(type) {
	case *ast.Field:
		return m.field(s, depth, in.at(s.Alias), inside) // without an alias that is the name
	case *ast.InlineFragment:
		return m.selections(s.SelectionSet, depth, in, inside)
	case *ast.FragmentSpread:
		return m.fragment(s.Name, depth, in, inside)
	}
	return nil
}

func (m *measure) field(f *ast.Field, depth int, here *spot, inside []string) *errs.Error {
	if f.Alias != f.Name {
		m.aliases++
	}
	m.repeats += here.fields
	here.fields++
	if m.aliases > m.limits.Aliases || m.repeats > maxRepeats {
		return errTooComplex
	}
	if isIntrospection(f) {
		depth -= introspectionDepth
	}
	return m.selections(f.SelectionSet, depth+1, here, inside)
}

// fragment also refuses what the validator would only find out at length.
func (m *measure) fragment(name string, depth int, in *spot, inside []string) *errs.Error {
	if m.spreads++; m.spreads > maxSpreads {
		return errTooComplex
	}
	def := m.doc.Fragments.ForName(name)
	if def == nil {
		return errQueryInvalid.WithDetail(fmt.Sprintf("Unknown fragment %q.", name))
	}
	if slices.Contains(inside, name) {
		return errQueryInvalid.WithDetail(fmt.Sprintf("Cannot spread fragment %q within itself.", name))
	}
	m.used[def] = true
	return m.selections(def.SelectionSet, depth, in, append(inside[:len(inside):len(inside)], name))
}
