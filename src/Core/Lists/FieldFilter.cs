namespace Lockstep.Core.Lists;

/// <summary>What a field of a record must be.</summary>
/// <param name="Path">
/// A field's name, nested by dots. <c>id</c> and <c>last_modified</c> are the record's own; <c>deleted</c> is true of a tombstone, which has no
/// other fields.
/// </param>
/// <param name="Test">What is asked of it.</param>
/// <param name="Value">
/// JSON without a name given twice in an object: the value that it is compared with; for <see cref="FieldTest.Like"/> a string; for <see cref="FieldTest.Has"/> true or false; for
/// <see cref="FieldTest.In"/>, <see cref="FieldTest.NotIn"/>, <see cref="FieldTest.Contains"/> and <see cref="FieldTest.ContainsAny"/> an array of values.
/// </param>
public sealed record FieldFilter(string Path, FieldTest Test, string Value);
