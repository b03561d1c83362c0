package graph

import (
	"cmp"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// hideSecrets takes out of a message about a document what stands there for fields marked @secret: a
// password written without its quotes must not come back as "cannot represent …".
func hideSecrets(message string, doc *ast.QueryDocument) string {
	var w secretWalk
	for _, op := range doc.Operations {
		w.selections(op.SelectionSet)
	}
	for _, fragment := range doc.Fragments {
		w.selections(fragment.SelectionSet)
	}
	slices.SortFunc(w.found, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	for _, secret := range w.found {
		message = strings.ReplaceAll(message, secret, "…")
	}
	return message
}

// secretWalk finds the literals of secret fields in a document that has been validated, for validation
// notes the type of each value in it.
type secretWalk struct{ found []string }

func (w *secretWalk) selections(set ast.SelectionSet) {
	for _, selection := range set {
		switch s := selection.(type) {
		case *ast.Field:
			for _, argument := range s.Arguments {
				w.value(argument.Value)
			}
			w.selections(s.SelectionSet)
		case *ast.InlineFragment:
			w.selections(s.SelectionSet)
		}
	}
}

func (w *secretWalk) value(v *ast.Value) {
	if v == nil {
		return
	}
	if v.Kind != ast.ObjectValue && v.Kind != ast.Variable && holdsSecrets(v.Definition) {
		w.add(v.String(), v.Raw) // a secret where the whole input was wanted
	}
	for _, child := range v.Children {
		if v.Definition != nil && child.Value != nil {
			field := v.Definition.Fields.ForName(child.Name)
			if field != nil && field.Directives.ForName("secret") != nil && child.Value.Kind != ast.Variable {
				w.add(child.Value.String(), child.Value.Raw)
			}
		}
		w.value(child.Value)
	}
}

// holdsSecrets tells whether a type is an input one of whose fields is secret.
func holdsSecrets(def *ast.Definition) bool {
	return def != nil && def.Kind == ast.InputObject && slices.ContainsFunc(def.Fields, func(f *ast.FieldDefinition) bool {
		return f.Directives.ForName("secret") != nil
	})
}

func (w *secretWalk) add(texts ...string) {
	for _, text := range texts {
		if text != "" {
			w.found = append(w.found, text)
		}
	}
}

// withoutToken cuts the text that it stumbled over out of a syntax error: that may be the secret itself,
// and the error's location says where it stands.
func withoutToken(message string) string {
	for _, quoted := range []string{"String ", "BlockString ", "Int ", "Float ", "Name ", "Invalid character escape sequence"} {
		if at := strings.Index(message, quoted); at >= 0 {
			return strings.TrimSpace(message[:at+len(quoted)])
		}
	}
	return message
}
