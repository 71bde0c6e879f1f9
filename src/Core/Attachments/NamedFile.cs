using Lockstep.Core.Json;
using Lockstep.Core.Records;

namespace Lockstep.Core.Attachments;

/// <summary>What the data of a record says of a file. The default says nothing.</summary>
/// <param name="Member">The JSON value that says it; empty for none.</param>
/// <param name="Id">The file of this server that it names; null for none.</param>
public readonly record struct NamedFile(ReadOnlyMemory<byte> Member, string? Id)
{
    /// <summary>Whether it says anything.</summary>
    public bool IsThere => !Member.IsEmpty;

    /// <summary>Whether it says the same as another one, however that is spelled.</summary>
    public bool Says(NamedFile other)
    {
        if (!IsThere || !other.IsThere)
        {
            return IsThere == other.IsThere;
        }

        using var one = JsonText.ParseAgain(Member);
        using var two = JsonText.ParseAgain(other.Member);
        return JsonEquality.Same(one.RootElement, two.RootElement);
    }
}
