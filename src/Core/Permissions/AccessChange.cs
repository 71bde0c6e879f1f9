using Lockstep.Core.Time;

namespace Lockstep.Core.Permissions;

/// <summary>The change that a write makes to the rights on its object.</summary>
/// <param name="Edits">In order. If there are none, only <see cref="Accounts"/> counts.</param>
public sealed record AccessChange(IReadOnlyList<AccessEdit> Edits)
{
    /// <summary>The existing accounts that the data names, in the stored form. A named account that is missing here is nobody. Used for groups.</summary>
    public IReadOnlyList<string> Accounts { get; init; } = [];

    /// <summary>Bytes that it keeps in memory, roughly.</summary>
    public long Size => Accounts.Sum(static account => 40L + (2 * account.Length)) + Edits.Sum(static edit => 64 + edit.Principals.Sum(static principal => 40L + (2 * principal.Length)));

    /// <summary>Applies the edits.</summary>
    /// <param name="before">The object's whole list. An author who may write is in it.</param>
    /// <param name="namedAt">The time at which groups count as named, by the clock of their bucket as far as it is known.</param>
    /// <returns>The new list; null where an edit does not find what it needs.</returns>
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

            // A principal that is named again means its present holder.
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
/// <param name="Right">The right.</param>
/// <param name="Principals">The principals: accounts in the stored form, or without a number when they do not exist; groups in the form of clients.</param>
public sealed record AccessEdit(AccessEditKind Kind, Right Right, IReadOnlyList<string> Principals);

/// <summary>The kind of a step.</summary>
public enum AccessEditKind : byte
{
    /// <summary>Only these principals have the right.</summary>
    Set = 0,

    /// <summary>These principals have the right too.</summary>
    Add = 1,

    /// <summary>These principals lose the right; all of them must have it.</summary>
    Remove = 2,

    /// <summary>Changes nothing; all of these principals must have the right.</summary>
    Test = 3,

    /// <summary>Changes nothing; keeps the right's holders for <see cref="Place"/>. There must be a holder, unless the right is to read or to write.</summary>
    Hold = 4,

    /// <summary>Only the holders that were kept last have the right.</summary>
    Place = 5,
}
