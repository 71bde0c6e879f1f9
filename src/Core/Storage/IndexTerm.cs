namespace Lockstep.Core.Storage;

/// <summary>A condition on a row of an index on a field: parts of the row, compared as one with as many values.</summary>
/// <param name="Parts">Of <c>key</c>, the key of the field's value; <c>modified</c>, the record's stamp; and <c>id</c>, its id. The first one counts most.</param>
/// <param name="Sign">One of <c>&lt;</c>, <c>&lt;=</c>, <c>=</c>, <c>&gt;=</c>, <c>&gt;</c>.</param>
/// <param name="Values">A <c>byte[]</c> for a key, a <c>long</c> of milliseconds for a stamp, a text for an id.</param>
public sealed record IndexTerm(IReadOnlyList<string> Parts, string Sign, IReadOnlyList<object> Values)
{
    /// <summary>Another one that is enough too; null for none.</summary>
    public IndexTerm? Or { get; init; }

    /// <summary>The condition as a text.</summary>
    /// <param name="parameter">Takes a value, and says what stands for it.</param>
    public string Text(Func<object, string> parameter)
    {
        var own = $"{Tuple(Parts)} {Sign} {Tuple([.. Values.Select(parameter)])}";
        return Or is null ? own : $"({own} OR {Or.Text(parameter)})";
    }

    private static string Tuple(IReadOnlyList<string> parts) => parts.Count == 1 ? parts[0] : $"({string.Join(", ", parts)})";
}
