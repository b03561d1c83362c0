package archtest_test

import (
	"testing"

	"github.com/posthouse/posthouse/internal/archtest"
)

func TestPackagesKeepTheImportRule(t *testing.T) {
	t.Parallel()
	report(t, archtest.CheckImports(load(t)))
}

func TestSourcesKeepTheirManners(t *testing.T) {
	t.Parallel()
	report(t, archtest.CheckSources(load(t)))
}

func TestTopLevelHoldsOnlyWhatBelongsThere(t *testing.T) {
	t.Parallel()
	report(t, archtest.CheckTopLevel(loadTracked(t)))
}

func TestTrackedFilesAreClean(t *testing.T) {
	t.Parallel()
	report(t, archtest.CheckHygiene(loadTracked(t)))
}

func load(t *testing.T) []archtest.Package {
	t.Helper()
	packages, err := archtest.Load(t.Context(), root(t))
	if err != nil {
		t.Fatal(err)
	}
	if len(packages) < 10 {
		t.Fatalf("only %d packages found: nothing was checked", len(packages))
	}
	return packages
}

func loadTracked(t *testing.T) []archtest.Tracked {
	t.Helper()
	files, err := archtest.LoadTracked(t.Context(), root(t))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 10 {
		t.Fatalf("only %d files found: nothing was checked", len(files))
	}
	return files
}

func root(t *testing.T) string {
	t.Helper()
	dir, err := archtest.Root(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func report(t *testing.T, found []string) {
	t.Helper()
	for _, sentence := range found {
		t.Error(sentence)
	}
}
