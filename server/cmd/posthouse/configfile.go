package main

import (
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// decode reads a configuration file and refuses keys that nobody knows. Its errors name the line and
// the key, and show no value of the file: any of them may be a secret in the wrong place. For the same
// reason none of the parser's own words come through; it quotes what it stumbles over.
func decode(text []byte, into *settings) error {
	var file *ast.File
	err := guarded(func() (err error) {
		file, err = parser.ParseBytes(text, 0, parser.AllowDuplicateMapKey())
		return err
	})
	if err != nil {
		return explain(err, nil, "")
	}
	var body ast.Node
	for _, doc := range file.Docs {
		switch {
		case doc.Body == nil:
		case body != nil:
			return fmt.Errorf("%s: the file holds more than one document (---)", line(doc.Body))
		default:
			body = doc.Body
		}
	}
	if body == nil {
		return nil
	}
	err = read(body, into)
	if err == nil {
		return nil
	}
	node, path, piece := culprit(body, "", func(n ast.Node) ast.Node { return n })
	if piece != nil {
		err = piece
	}
	return explain(err, node, path)
}

func read(node ast.Node, into *settings) error {
	return guarded(func() error { return yaml.NodeToValue(node, into, yaml.DisallowUnknownField()) })
}

// errNotUnderstood is what a text gives on which the parser panics, as it does on some tags.
var errNotUnderstood = errors.New("the parser gave up")

func guarded(parse func() error) (err error) {
	defer func() {
		if recover() != nil {
			err = errNotUnderstood
		}
	}()
	return parse()
}

// culprit finds the smallest part that cannot be read, by reading each part as if it were alone in the
// file; within puts a part into its surroundings. The parser itself does not always say where it was.
func culprit(node ast.Node, path string, within func(ast.Node) ast.Node) (ast.Node, string, error) {
	switch n := node.(type) {
	case *ast.MappingNode:
		for _, entry := range n.Values {
			alone := func(value ast.Node) ast.Node {
				return within(ast.Mapping(n.Start, n.IsFlowStyle, ast.MappingValue(entry.Start, entry.Key, value)))
			}
			if err := read(alone(entry.Value), new(settings)); err != nil {
				return blame(node, path, entry.Value, join(path, entry.Key.GetToken().Value), alone, err)
			}
		}
	case *ast.SequenceNode:
		for i, value := range n.Values {
			alone := func(value ast.Node) ast.Node {
				list := ast.Sequence(n.Start, n.IsFlowStyle)
				list.Values = []ast.Node{value}
				return within(list)
			}
			if err := read(alone(value), new(settings)); err != nil {
				return blame(node, path, value, fmt.Sprintf("%s[%d]", path, i), alone, err)
			}
		}
	}
	return node, path, nil
}

// blame finds out who is to blame for the failure of a part: the whole it stands in, when nothing at all
// would do no better in its place; the part itself, when its key is unknown; else something within it.
func blame(whole ast.Node, wholePath string, part ast.Node, path string, alone func(ast.Node) ast.Node, err error) (ast.Node, string, error) {
	if empty := read(alone(ast.Null(part.GetToken())), new(settings)); empty != nil {
		if _, unknown := errors.AsType[*yaml.UnknownFieldError](empty); unknown {
			return part, path, empty
		}
		return whole, wholePath, err
	}
	if smaller, its, why := culprit(part, path, alone); why != nil {
		return smaller, its, why
	}
	return part, path, err
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// explain says in our own words what is wrong at a key.
func explain(err error, node ast.Node, path string) error {
	at := "the file"
	if located, ok := errors.AsType[yaml.Error](err); ok && located.GetToken() != nil {
		at = fmt.Sprintf("line %d", located.GetToken().Position.Line)
	} else if node != nil {
		at = line(node)
	}
	if _, ok := errors.AsType[*yaml.UnknownFieldError](err); ok {
		return fmt.Errorf("%s: there is no setting %q", at, path)
	}
	if twice, ok := errors.AsType[*yaml.DuplicateKeyError](err); ok {
		return fmt.Errorf("%s: the setting %q is there twice", at, twice.Token.Value)
	}
	if _, ok := errors.AsType[*yaml.SyntaxError](err); ok || errors.Is(err, errNotUnderstood) {
		return fmt.Errorf("%s: this cannot be read as YAML; look at the indentation, and put values that hold : # * & ! or @ in quotes", at)
	}
	if path == "" {
		return fmt.Errorf("%s: a configuration file is a list of settings, one a line, such as listen: 127.0.0.1:8080", at)
	}
	return fmt.Errorf("%s: %s wants %s", at, path, wanted(err, node))
}

// wanted says what kind of value a setting takes.
func wanted(err error, node ast.Node) string {
	if other, ok := errors.AsType[*yaml.UnexpectedNodeTypeError](err); ok {
		switch other.Expected {
		case ast.MappingType:
			return "settings of its own below it"
		case ast.SequenceType:
			return "a list"
		}
	}
	if _, ok := errors.AsType[*yaml.OverflowError](err); ok {
		return "a whole number that is neither negative nor too large"
	}
	if other, ok := errors.AsType[*yaml.TypeError](err); ok {
		return kind(other.DstType)
	}
	if _, scalar := node.(ast.ScalarNode); scalar {
		return kind(reflect.TypeFor[time.Duration]())
	}
	return "text"
}

func kind(t reflect.Type) string {
	if t == reflect.TypeFor[time.Duration]() {
		return "a duration such as 90s, 15m or 720h"
	}
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.Slice:
		return "a list"
	case reflect.Struct, reflect.Map:
		return "settings of its own below it"
	case reflect.String:
		return "text"
	default:
		return "a whole number"
	}
}

func line(node ast.Node) string { return fmt.Sprintf("line %d", node.GetToken().Position.Line) }
