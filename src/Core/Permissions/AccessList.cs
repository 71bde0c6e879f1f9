using System.Buffers;
using System.Text.Json;
using Lockstep.Core.Records;
using Lockstep.Core.Time;

namespace Lockstep.Core.Permissions;

/// <summary>
/// An object's own list of rights: who may do what with it, by principals in their stored form. Immutable. An object without a list is only
/// for the author of its bucket; so is any right that the list does not name. A bucket's author is not in the bucket's list.
/// </summary>
public sealed class AccessList : IEquatable<AccessList>
{
    private const int Count = (int)Right.CreateRecords + 1;

    /// <summary>Gives no rights.</summary>
    public static readonly AccessList Empty = new(new string[Count][]);

    private readonly string[][] entries;
    private byte[]? bytes;

    private AccessList(string[][] entries) => this.entries = entries;

    /// <summary>For a group: its members, in the stored form. Null for other objects.</summary>
    public IReadOnlyList<string>? Members { get; private init; }

    /// <summary>For a group: when the last group of its name was deleted before this one was made. Earlier grants to that name do not mean this group.</summary>
    public ServerTimestamp Since { get; private init; }

    /// <summary>For a bucket: groups of other buckets that anything in it has named, in the form of clients; perhaps more than it names now.</summary>
    public IReadOnlyList<string> ForeignGroups { get; private init; } = [];

    /// <summary>
    /// For a bucket: when anybody's standing in it first changed, see <see cref="Storage.GrantRelation.Changed"/>. The last change is no later than
    /// the last write to the bucket's own list. Zero for never.
    /// </summary>
    public ServerTimestamp Horizon { get; private init; }

    /// <summary>The holders of a right, by this list.</summary>
    public IReadOnlyList<string> this[Right permission] => entries[(int)permission] ?? [];

    /// <summary>Whether it names nobody at all.</summary>
    public bool NamesNobody => Array.TrueForAll(entries, static principals => principals is null or []);

    /// <summary>All principals that it names.</summary>
    public int Length => entries.Sum(static principals => principals?.Length ?? 0);

    /// <summary>Bytes that it takes.</summary>
    public int Size => Bytes.Length;

    private byte[] Bytes => bytes ??= Write();

    /// <summary>Each principal that it names, once, in the form by which the store finds it.</summary>
    public IReadOnlySet<string> Indexed() =>
        entries.Where(static principals => principals is not null).SelectMany(static principals => principals).Select(PrincipalText.Indexed).ToHashSet(StringComparer.Ordinal);

    /// <summary>Each principal that it lets see something, once, in the form by which the store finds it.</summary>
    public IReadOnlySet<string> Readers() => this[Right.Read].Concat(this[Right.Write]).Select(PrincipalText.Indexed).ToHashSet(StringComparer.Ordinal);

    public AccessList With(Right permission, IEnumerable<string> principals)
    {
        var changed = (string[][])entries.Clone();
        changed[(int)permission] = [.. principals.Distinct(StringComparer.Ordinal)];
        return new AccessList(changed) { Members = Members, Since = Since, ForeignGroups = ForeignGroups, Horizon = Horizon };
    }

    /// <summary>The list without some groups, whenever they were named.</summary>
    /// <param name="groups">In the form of clients.</param>
    public AccessList Without(IReadOnlySet<string> groups)
    {
        var changed = Array.ConvertAll(entries, principals => principals?.Where(principal => !PrincipalText.IsGroup(principal) || !groups.Contains(PrincipalText.Public(principal))).ToArray()!);
        return new AccessList(changed) { Members = Members, Since = Since, ForeignGroups = ForeignGroups, Horizon = Horizon };
    }

    /// <summary>The list with the fields of a group.</summary>
    public AccessList WithMembers(IReadOnlyList<string>? members, ServerTimestamp since) =>
        new(entries) { Members = members, Since = since, ForeignGroups = ForeignGroups, Horizon = Horizon };

    /// <summary>The list with the fields of a bucket.</summary>
    public AccessList WithForeignGroups(IEnumerable<string> groups) =>
        new(entries) { Members = Members, Since = Since, ForeignGroups = [.. groups.Distinct(StringComparer.Ordinal)], Horizon = Horizon };

    /// <summary>The list with the fields of a bucket.</summary>
    public AccessList WithHorizon(ServerTimestamp horizon) =>
        new(entries) { Members = Members, Since = Since, ForeignGroups = ForeignGroups, Horizon = horizon };

    /// <summary>The list with the rights alone, without the server's own fields.</summary>
    public AccessList OnlyPermissions() => new(entries);

    /// <param name="stored">Bytes from <see cref="ToBytes"/>; null for no list.</param>
    public static AccessList? Read(ReadOnlyMemory<byte>? stored)
    {
        // 0.1.0 wrote an empty list where there is none.
        if (stored is not { Length: > 0 } text)
        {
            return null;
        }

        var read = new string[Count][];
        string[]? members = null;
        string[] foreign = [];
        var (since, horizon) = (ServerTimestamp.Zero, ServerTimestamp.Zero);
        using var document = JsonText.ParseAgain(text);
        foreach (var member in document.RootElement.EnumerateObject())
        {
            switch (member.Name)
            {
                case "members":
                    members = Texts(member.Value);
                    break;
                case "foreign":
                    foreign = Texts(member.Value);
                    break;
                case "since":
                    since = new ServerTimestamp(member.Value.GetInt64());
                    break;
                case "horizon":
                    horizon = new ServerTimestamp(member.Value.GetInt64());
                    break;
                default:
                    if (PermissionNames.TryParse(member.Name, out var permission))
                    {
                        read[(int)permission] = Texts(member.Value);
                    }

                    break;
            }
        }

        return new AccessList(read) { Members = members, Since = since, ForeignGroups = foreign, Horizon = horizon };
    }

    /// <summary>UTF-8 JSON.</summary>
    public ReadOnlyMemory<byte> ToBytes() => Bytes;

    public bool Equals(AccessList? other) => other is not null && Bytes.AsSpan().SequenceEqual(other.Bytes);

    public override bool Equals(object? obj) => Equals(obj as AccessList);

    public override int GetHashCode() => Bytes.Length;

    private static string[] Texts(JsonElement array) => [.. array.EnumerateArray().Select(static text => text.GetString()!)];

    private byte[] Write()
    {
        var output = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(output))
        {
            writer.WriteStartObject();
            for (var i = 0; i < Count; i++)
            {
                if (entries[i] is { Length: > 0 } principals)
                {
                    Write(writer, PermissionNames.Of((Right)i), principals);
                }
            }

            if (Members is not null)
            {
                Write(writer, "members", Members);
            }

            if (ForeignGroups.Count > 0)
            {
                Write(writer, "foreign", ForeignGroups);
            }

            if (Since > ServerTimestamp.Zero)
            {
                writer.WriteNumber("since", Since.Milliseconds);
            }

            if (Horizon > ServerTimestamp.Zero)
            {
                writer.WriteNumber("horizon", Horizon.Milliseconds);
            }

            writer.WriteEndObject();
        }

        return output.WrittenSpan.ToArray();
    }

    private static void Write(Utf8JsonWriter writer, string name, IReadOnlyList<string> texts)
    {
        writer.WriteStartArray(name);
        foreach (var text in texts)
        {
            writer.WriteStringValue(text);
        }

        writer.WriteEndArray();
    }
}
