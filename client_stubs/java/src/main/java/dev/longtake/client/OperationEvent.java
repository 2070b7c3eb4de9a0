// Copyright 2026 The Longtake Authors
// SPDX-License-Identifier: Apache-2.0

package dev.longtake.client;

import dev.longtake.v1.GenerateVideosOperation;

/** An event of a watch of all operations. */
public sealed interface OperationEvent {
  /**
   * Returns an opaque value. Give it to {@link LongtakeClient#watchAll(String, String)} to go on
   * after this event when your program starts again. It is empty within an initial set, which
   * cannot be resumed.
   */
  String position();

  /** An operation as it is now: part of the initial set, new, or changed. */
  record Changed(GenerateVideosOperation operation, String position) implements OperationEvent {}

  /** An operation was deleted, or its record has expired. */
  record Deleted(String name, String position) implements OperationEvent {}

  /** Every operation that existed when the watch began has arrived. Comes once a set. */
  record InitialSetComplete(String position) implements OperationEvent {}

  /** The initial set begins again: discard the operations that the watch brought before. */
  record InitialSetRestarted() implements OperationEvent {
    @Override
    public String position() {
      return "";
    }
  }
}
