namespace Lockstep.Storage.PostgreSql.Schema;

/// <summary>One step of the schema. Immutable once released.</summary>
/// <param name="Number">Its place in the order; the schema's version after it.</param>
/// <param name="Name">File name.</param>
/// <param name="Sql">The statements.</param>
/// <param name="OldestProgram">The oldest schema whose program still works on this one; an older program is refused.</param>
internal sealed record SchemaScript(int Number, string Name, string Sql, int OldestProgram);
