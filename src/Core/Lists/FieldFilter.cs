namespace Lockstep.Core.Lists;

/// <summary>A condition on a field of a record.</summary>
/// <param name="Path">
/// A field's name, nested by dots. <c>id</c> and <c>last_modified</c> are the record's own; <c>deleted</c> is true of a tombstone, which has no
/// other fields.
/// </param>
/// <param name="Test">The test.</param>
/// <param name="Value">
/// The value to compare with: JSON without repeated names in an object. For <see cref="FieldTest.Like"/> a string; for <see cref="FieldTest.Has"/> true or false; for
/// <see cref="FieldTest.In"/>, <see cref="FieldTest.NotIn"/>, <see cref="FieldTest.Contains"/> and <see cref="FieldTest.ContainsAny"/> an array of values.
/// </param>
public sealed record FieldFilter(string Path, FieldTest Test, string Value);
