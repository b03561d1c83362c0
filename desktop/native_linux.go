//go:build desktop

package main

// GTK knows a few things that the library does not tell: where the screens are, and not only how large;
// and it can change the menu and the zoom of a window that is open.

/*
#cgo pkg-config: gtk+-3.0
#include <gtk/gtk.h>
#include <stdlib.h>

#define MAX_SCREENS 16

typedef struct {
	int what;
	gboolean found, done;
	int x, y, width, height;
	int screens;
	GdkRectangle screen[MAX_SCREENS];
	double zoom;
	char **labels;
	int label, label_count;
	GMutex mutex;
	GCond cond;
} Task;

enum { SCREENS, PLACE, MOVE, ZOOM, RELABEL };

static GtkWindow *main_window(void) {
	GtkWindow *found = NULL;
	GList *all = gtk_window_list_toplevels();
	for (GList *one = all; one; one = one->next) {
		if (GTK_IS_WINDOW(one->data) && !GTK_IS_DIALOG(one->data) &&
		    gtk_window_get_window_type(GTK_WINDOW(one->data)) == GTK_WINDOW_TOPLEVEL &&
		    gtk_bin_get_child(GTK_BIN(one->data)) != NULL)
			found = GTK_WINDOW(one->data);
	}
	g_list_free(all);
	return found;
}

// find_child gives the first widget below w whose type has the name.
static GtkWidget *find_child(GtkWidget *w, const char *type) {
	if (g_type_is_a(G_OBJECT_TYPE(w), g_type_from_name(type)))
		return w;
	if (!GTK_IS_CONTAINER(w))
		return NULL;
	GtkWidget *found = NULL;
	GList *children = gtk_container_get_children(GTK_CONTAINER(w));
	for (GList *one = children; one && !found; one = one->next)
		found = find_child(GTK_WIDGET(one->data), type);
	g_list_free(children);
	return found;
}

static void relabel(GtkWidget *shell, Task *t) {
	GList *children = gtk_container_get_children(GTK_CONTAINER(shell));
	for (GList *one = children; one; one = one->next) {
		GtkMenuItem *item = GTK_MENU_ITEM(one->data);
		if (GTK_IS_SEPARATOR_MENU_ITEM(item))
			continue;
		if (t->label < t->label_count)
			gtk_menu_item_set_label(item, t->labels[t->label++]);
		GtkWidget *below = gtk_menu_item_get_submenu(item);
		if (below)
			relabel(below, t);
	}
	g_list_free(children);
}

static void list_screens(Task *t) {
	GdkDisplay *display = gdk_display_get_default();
	int n = display ? gdk_display_get_n_monitors(display) : 0;
	GdkMonitor *primary = display ? gdk_display_get_primary_monitor(display) : NULL;
	if (primary)
		gdk_monitor_get_workarea(primary, &t->screen[t->screens++]);
	for (int i = 0; i < n && t->screens < MAX_SCREENS; i++) {
		GdkMonitor *one = gdk_display_get_monitor(display, i);
		if (one != primary)
			gdk_monitor_get_workarea(one, &t->screen[t->screens++]);
	}
}

static gboolean work(gpointer data) {
	Task *t = data;
	GtkWindow *window = main_window();
	GtkWidget *child = NULL;
	t->found = window != NULL;
	if (window) {
		switch (t->what) {
		case SCREENS:
			list_screens(t);
			break;
		case PLACE:
			gtk_window_get_position(window, &t->x, &t->y);
			gtk_window_get_size(window, &t->width, &t->height);
			break;
		case MOVE:
			gtk_window_resize(window, t->width, t->height);
			gtk_window_move(window, t->x, t->y);
			break;
		case ZOOM:
			child = find_child(GTK_WIDGET(window), "WebKitWebView");
			if (child)
				g_object_set(child, "zoom-level", t->zoom, NULL);
			break;
		case RELABEL:
			child = find_child(GTK_WIDGET(window), "GtkMenuBar");
			if (child)
				relabel(child, t);
			break;
		}
	}
	g_mutex_lock(&t->mutex);
	t->done = TRUE;
	g_cond_signal(&t->cond);
	g_mutex_unlock(&t->mutex);
	return G_SOURCE_REMOVE;
}

static Task *new_task(int what) {
	Task *t = calloc(1, sizeof(Task));
	t->what = what;
	g_mutex_init(&t->mutex);
	g_cond_init(&t->cond);
	return t;
}

// run lets the window's own thread do the task, and waits for it, but not for ever: the window may be
// closing. A task that was not done in time stays where it is, for the thread may still come to it.
static gboolean run(Task *t) {
	gint64 end = g_get_monotonic_time() + 2 * G_TIME_SPAN_SECOND;
	gboolean in_time = TRUE;
	g_idle_add(work, t);
	g_mutex_lock(&t->mutex);
	while (!t->done && in_time)
		in_time = g_cond_wait_until(&t->cond, &t->mutex, end);
	gboolean done = t->done;
	g_mutex_unlock(&t->mutex);
	return done;
}

static void free_task(Task *t) {
	for (int i = 0; i < t->label_count; i++)
		free(t->labels[i]);
	free(t->labels);
	g_mutex_clear(&t->mutex);
	g_cond_clear(&t->cond);
	free(t);
}
*/
import "C"

import (
	"context"
	"errors"
	"os"
	"unsafe"

	"github.com/posthouse/posthouse/desktop/internal/launch"
	"github.com/posthouse/posthouse/desktop/internal/shell"
)

// checkDisplay says clearly what the library would only panic about.
func checkDisplay() error {
	if os.Getenv("DISPLAY") == "" && os.Getenv("WAYLAND_DISPLAY") == "" {
		return errors.New("没有图形界面：请在桌面环境中启动。There is no display: start the program in a desktop session")
	}
	return nil
}

func systemLanguages() []string { return launch.Languages(os.Getenv) }

// do lets GTK's thread work on a task; it is false when there is no window to work on.
func do(t *C.Task) bool {
	if C.run(t) == 0 {
		return false
	}
	return t.found != 0
}

func nativeScreens(context.Context) []shell.Rect {
	t := C.new_task(C.SCREENS)
	if !do(t) {
		return nil
	}
	defer C.free_task(t)
	all := make([]shell.Rect, int(t.screens))
	for i := range all {
		s := t.screen[i]
		all[i] = shell.Rect{X: int(s.x), Y: int(s.y), Width: int(s.width), Height: int(s.height)}
	}
	return all
}

func nativePlace(context.Context) (shell.Rect, bool) {
	t := C.new_task(C.PLACE)
	if !do(t) {
		return shell.Rect{}, false
	}
	defer C.free_task(t)
	return shell.Rect{X: int(t.x), Y: int(t.y), Width: int(t.width), Height: int(t.height)}, true
}

func nativeMove(_ context.Context, r shell.Rect) {
	t := C.new_task(C.MOVE)
	t.x, t.y, t.width, t.height = C.int(r.X), C.int(r.Y), C.int(r.Width), C.int(r.Height)
	if do(t) {
		C.free_task(t)
	}
}

// Zoom implements shell.Window.
func (w *window) Zoom(percent int) {
	w.use()
	t := C.new_task(C.ZOOM)
	t.zoom = C.double(percent) / 100
	if do(t) {
		C.free_task(t)
	}
}

// Relabel implements shell.Window. The library would put a second menu in the place of the first, which
// then is shown no more; the words of the first can be changed.
func (w *window) Relabel() {
	w.use()
	var labels []string
	for _, top := range w.shell.Menu() {
		labels = append(labels, top.Label)
		for _, item := range top.Items {
			if item.Label != "" {
				labels = append(labels, item.Label)
			}
		}
	}
	t := C.new_task(C.RELABEL)
	t.label_count = C.int(len(labels))
	t.labels = (**C.char)(C.calloc(C.size_t(len(labels)), C.size_t(unsafe.Sizeof(uintptr(0)))))
	for i, label := range labels {
		unsafe.Slice(t.labels, len(labels))[i] = C.CString(label)
	}
	if do(t) {
		C.free_task(t)
	}
}
