// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0

package dev.longtake.conformance;

import com.google.gson.JsonObject;
import dev.longtake.client.LongtakeClient;
import dev.longtake.client.OperationEvent;
import dev.longtake.client.WatchAll;

/** Tells the events of a watch of all operations. See tests/polyglot/watching_all.py. */
public final class WatchAllConformance {
  private WatchAllConformance() {}

  public static void main(String[] arguments) {
    try (LongtakeClient client = LongtakeClient.connect(arguments[0]);
        WatchAll watch = client.watchAll(arguments[1], arguments[2])) {
      OperationEvent event;
      do {
        event = watch.next();
        System.out.println(told(event));
      } while (!(event instanceof OperationEvent.Deleted));
    }
  }

  private static JsonObject told(OperationEvent event) {
    JsonObject line = new JsonObject();
    line.addProperty("position", event.position());
    if (event instanceof OperationEvent.Changed changed) {
      line.addProperty("step", "changed");
      line.addProperty("name", changed.operation().getName());
      line.addProperty("revision", changed.operation().getRevision());
    } else if (event instanceof OperationEvent.Deleted deleted) {
      line.addProperty("step", "deleted");
      line.addProperty("name", deleted.name());
    } else if (event instanceof OperationEvent.InitialSetComplete) {
      line.addProperty("step", "complete");
    } else {
      line.addProperty("step", "restarted");
    }
    return line;
  }
}
