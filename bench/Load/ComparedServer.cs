namespace Lockstep.Bench;

/// <summary>One of several servers that do the same work.</summary>
/// <param name="Name">For the table.</param>
/// <param name="Server">Its processes.</param>
internal sealed record ComparedServer(string Name, ServerProcess Server)
{
    /// <param name="text">The name, <c>=</c>, and what <see cref="ServerProcess.Parse"/> takes.</param>
    public static ComparedServer Parse(string text)
    {
        var sign = text.IndexOf('=', StringComparison.Ordinal);
        return new ComparedServer(text[..sign], ServerProcess.Parse(text[(sign + 1)..]));
    }
}
