using Lockstep.Core.Time;

namespace Lockstep.Core.Permissions;

/// <summary>What a write says of who may do what with its object.</summary>
/// <param name="Edits">In order. With none of them only <see cref="Accounts"/> counts.</param>
public sealed record AccessChange(IReadOnlyList<AccessEdit> Edits)
{
    /// <summary>The accounts that the data names, in the stored form: whoever is named without being here is nobody. Counts for groups.</summary>
    public IReadOnlyList<string> Accounts { get; init; } = [];

    /// <summary>Bytes that it keeps in memory; a rough figure is enough.</summary>
    public long Size => Accounts.Sum(static account => 40L + (2 * account.Length)) + Edits.Sum(static edit => 64 + edit.Principals.Sum(static principal => 40L + (2 * principal.Length)));

    /// <summary>Applies the edits.</summary>
    /// <param name="before">What the object's list says, all of it: an author who may write is in it.</param>
    /// <param name="namedAt">From when on a group is named, by the clock of the bucket that it is in as far as that is known.</param>
    /// <returns>What it says afterwards; null where an edit does not find what it needs.</returns>
    public AccessList? ApplyTo(AccessList before, Func<string, ServerTimestamp> namedAt)
    {
        IReadOnlyList<string>? held = null;
        foreach (var edit in Edits)
        {
            var principals = edit.Principals.Select(principal => PrincipalText.IsGroup(principal) ? PrincipalText.OfGroup(principal, namedAt(principal)) : principal).ToList();
            var names = principals.Select(PrincipalText.Public).ToHashSet(StringComparer.Ordinal);
            var there = before[edit.Right];
            if (edit.Kind == AccessEditKind.Hold)
            {
                if (there.Count == 0 && edit.Right is not (Right.Read or Right.Write))
                {
                    return null;
                }

                held = [.. there];
                continue;
            }

            if (edit.Kind is AccessEditKind.Remove or AccessEditKind.Test && !names.IsSubsetOf(there.Select(PrincipalText.Public)))
            {
                return null;
            }

            // Who is named again is meant as they are now.
            var others = there.Where(principal => !names.Contains(PrincipalText.Public(principal)));
            before = edit.Kind switch
            {
                AccessEditKind.Set => before.With(edit.Right, principals),
                AccessEditKind.Add => before.With(edit.Right, others.Concat(principals)),
                AccessEditKind.Remove => before.With(edit.Right, others),
                AccessEditKind.Place => before.With(edit.Right, held ?? []),
                _ => before,
            };
        }

        return before;
    }
}

/// <summary>One step of an <see cref="AccessChange"/>.</summary>
/// <param name="Kind">What to do.</param>
/// <param name="Right">With which right.</param>
/// <param name="Principals">For whom: accounts in the stored form, those that are not there without a number; groups in the form of clients.</param>
public sealed record AccessEdit(AccessEditKind Kind, Right Right, IReadOnlyList<string> Principals);

/// <summary>What one step does.</summary>
public enum AccessEditKind : byte
{
    /// <summary>These have it, and nobody else.</summary>
    Set = 0,

    /// <summary>These have it too.</summary>
    Add = 1,

    /// <summary>These have it no more; all of them must have it.</summary>
    Remove = 2,

    /// <summary>Nothing; all of them must have it.</summary>
    Test = 3,

    /// <summary>Nothing; who has it is kept for <see cref="Place"/>. Somebody must have it, or it is to read or to write.</summary>
    Hold = 4,

    /// <summary>Those have it who were kept last, and nobody else.</summary>
    Place = 5,
}
