namespace Lockstep.Interchange;

/// <summary>A line of a file, for messages about it after others were read.</summary>
/// <param name="Line">From 1 on.</param>
/// <param name="Type">See <see cref="LineType"/>.</param>
internal readonly record struct FilePlace(long Line, string Type)
{
    public InterchangeException Bad(string why, Exception? inner = null)
    {
        var text = FormattableString.Invariant($"Line {Line}, of type '{Type}', cannot be taken: {why}.");
        return inner is null ? new InterchangeException(text) : new InterchangeException(text, inner);
    }

    /// <summary>The same with the line in its message, unless it has one.</summary>
    public InterchangeException At(InterchangeException fault) => fault.Message.StartsWith("Line ", StringComparison.Ordinal) ? fault : Bad(fault.Message.TrimEnd('.'), fault);
}
