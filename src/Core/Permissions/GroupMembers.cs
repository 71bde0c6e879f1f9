using System.Text.Json;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Records;

namespace Lockstep.Core.Permissions;

/// <summary>The members in a group's data.</summary>
public static class GroupMembers
{
    /// <summary>The field's name.</summary>
    public const string Field = "members";

    /// <param name="body">A group's data.</param>
    /// <param name="fault">What is wrong with the members; null when nothing is.</param>
    /// <returns>Each member once, in the form of clients; none where the field is missing.</returns>
    public static IReadOnlyList<string> Read(ReadOnlyMemory<byte> body, out Invalid? fault)
    {
        using var document = JsonText.ParseAgain(body);
        fault = null;
        if (!document.RootElement.TryGetProperty(Field, out var members))
        {
            return [];
        }

        if (members.ValueKind != JsonValueKind.Array)
        {
            fault = new Invalid(InvalidReason.MembersNoList);
            return [];
        }

        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var member in members.EnumerateArray())
        {
            if (JsonText.Read(member) is not { } name || !PrincipalText.IsPossible(name))
            {
                fault = new Invalid(InvalidReason.MembersNoList);
                return [];
            }

            if (PrincipalText.IsGroup(name) || name is PrincipalText.Everyone || (PrincipalText.IsAccount(name) && name.Contains('#', StringComparison.Ordinal)))
            {
                fault = new Invalid(InvalidReason.MemberNoUser, Detail: JsonText.Shorten(name));
                return [];
            }

            names.Add(name);
        }

        return [.. names];
    }
}
