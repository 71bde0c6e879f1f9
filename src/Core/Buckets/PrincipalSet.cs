using System.Globalization;
using Lockstep.Core.Permissions;
using Lockstep.Core.Time;

namespace Lockstep.Core.Buckets;

/// <summary>All that a caller counts as.</summary>
/// <param name="User">The user who signed in, for example <c>account:alice</c>: the author of objects that they create. Null for nobody.</param>
public readonly record struct PrincipalSet(string? User)
{
    /// <summary>The account that <see cref="User"/> names.</summary>
    public AccountRef Account { get; init; }

    /// <summary>
    /// Those groups among the relevant ones that they are in, as clients write them, with the last deletion of a group of that name.
    /// Only owners know it, and it is not sent between processes. Null if it was not looked up.
    /// </summary>
    public IReadOnlyDictionary<string, ServerTimestamp>? Groups { get; init; }

    /// <summary>The user in the stored form; null for nobody, and for an account whose number is unknown.</summary>
    public string? Stored => User is null ? null
        : Account.Number != 0 ? PrincipalText.OfAccount(User, Account.Number)
        : PrincipalText.IsAccount(User) ? null : User;

    /// <summary>
    /// The caller's groups in other buckets, as looked up outside the owner's turns. Only owners know it, and it is not sent between processes.
    /// Null if it was not looked up.
    /// </summary>
    internal ForeignGroups? Foreign { get; init; }

    public bool Contains(string? principal) => principal is not null && string.Equals(User, principal, StringComparison.Ordinal);

    /// <summary>Whether they count as a principal that an object names. Creates no strings, because lists ask it for each name in each row.</summary>
    /// <param name="stored">The principal in the stored form.</param>
    public bool Matches(string stored) => stored switch
    {
        PrincipalText.Everyone => true,
        PrincipalText.Authenticated => User is not null,
        _ when PrincipalText.IsGroup(stored) => Groups is { Count: > 0 } && IsIn(stored),
        _ => IsStored(stored),
    };

    /// <summary>Whether a name in the stored form is the user.</summary>
    private bool IsStored(string stored)
    {
        if (User is null || !stored.StartsWith(User, StringComparison.Ordinal))
        {
            return false;
        }

        Span<char> digits = stackalloc char[20];
        return Account.Number == 0
            ? stored.Length == User.Length && !PrincipalText.IsAccount(stored)
            : stored.Length > User.Length && stored[User.Length] == '#'
                && Account.Number.TryFormat(digits, out var length, default, CultureInfo.InvariantCulture) && stored.AsSpan(User.Length + 1).SequenceEqual(digits[..length]);
    }

    private bool IsIn(string group)
    {
        var end = group.LastIndexOf('#') is > 0 and var at ? at : group.Length;
        var known = Groups is Dictionary<string, ServerTimestamp> groups
            ? groups.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(group.AsSpan(0, end), out var since)
            : Groups!.TryGetValue(group[..end], out since);
        return known && PrincipalText.NamedAt(group) > since;
    }

    /// <summary>Whether they count as a principal that a setting names.</summary>
    /// <param name="principal">The principal as clients write it: whoever has the name.</param>
    public bool CountsAs(string principal) => principal switch
    {
        PrincipalText.Everyone => true,
        PrincipalText.Authenticated => User is not null,
        _ => Contains(principal) || Groups?.ContainsKey(principal) == true,
    };

    /// <summary>The principals under which the store finds objects that name them.</summary>
    public IReadOnlyList<string> Indexed() =>
        User is null ? [PrincipalText.Everyone] : [PrincipalText.Everyone, PrincipalText.Authenticated, .. Stored is { } own ? [own] : Array.Empty<string>(), .. Groups?.Keys ?? []];
}
