using System.Buffers;
using System.Text.Json;
using Lockstep.Core.Time;

namespace Lockstep.Core.Permissions;

/// <summary>
/// What an object's own list says: who may do what with it, by principals in their stored form. Immutable. An object without one is its
/// bucket's author's alone; so is whatever the list does not say. A bucket's author is not in the bucket's list.
/// </summary>
public sealed class AccessList : IEquatable<AccessList>
{
    private const int Count = (int)Right.CreateRecords + 1;

    /// <summary>Nobody may anything by it.</summary>
    public static readonly AccessList Empty = new(new string[Count][]);

    private readonly string[][] entries;
    private byte[]? bytes;

    private AccessList(string[][] entries) => this.entries = entries;

    /// <summary>Of a group: who is in it, in the stored form. Null for other objects.</summary>
    public IReadOnlyList<string>? Members { get; private init; }

    /// <summary>Of a group: when the last one of its name was deleted before it came into being. Whoever named that one did not mean this one.</summary>
    public ServerTimestamp Since { get; private init; }

    /// <summary>Of a bucket: groups of other buckets that anything in it has named, in the form of clients; perhaps more than it names now.</summary>
    public IReadOnlyList<string> ForeignGroups { get; private init; } = [];

    /// <summary>
    /// Of a bucket: when anybody's standing in it changed first, see <see cref="Storage.GrantRelation.Changed"/>; the last time is no later than
    /// its list of itself was touched. Zero for never.
    /// </summary>
    public ServerTimestamp Horizon { get; private init; }

    /// <summary>Who may do that, by this list.</summary>
    public IReadOnlyList<string> this[Right permission] => entries[(int)permission] ?? [];

    /// <summary>Whether it names nobody at all.</summary>
    public bool NamesNobody => Array.TrueForAll(entries, static principals => principals is null or []);

    /// <summary>All that it names.</summary>
    public int Length => entries.Sum(static principals => principals?.Length ?? 0);

    /// <summary>Bytes that it takes.</summary>
    public int Size => Bytes.Length;

    private byte[] Bytes => bytes ??= Write();

    /// <summary>Each principal that it names, once, as the store finds it.</summary>
    public IReadOnlySet<string> Indexed() =>
        entries.Where(static principals => principals is not null).SelectMany(static principals => principals).Select(PrincipalText.Indexed).ToHashSet(StringComparer.Ordinal);

    /// <summary>Each principal that it lets see something, once, as the store finds it.</summary>
    public IReadOnlySet<string> Readers() => this[Right.Read].Concat(this[Right.Write]).Select(PrincipalText.Indexed).ToHashSet(StringComparer.Ordinal);

    public AccessList With(Right permission, IEnumerable<string> principals)
    {
        var changed = (string[][])entries.Clone();
        changed[(int)permission] = [.. principals.Distinct(StringComparer.Ordinal)];
        return new AccessList(changed) { Members = Members, Since = Since, ForeignGroups = ForeignGroups, Horizon = Horizon };
    }

    /// <summary>Without some groups, whenever they were named.</summary>
    /// <param name="groups">In the form of clients.</param>
    public AccessList Without(IReadOnlySet<string> groups)
    {
        var changed = Array.ConvertAll(entries, principals => principals?.Where(principal => !PrincipalText.IsGroup(principal) || !groups.Contains(PrincipalText.Public(principal))).ToArray()!);
        return new AccessList(changed) { Members = Members, Since = Since, ForeignGroups = ForeignGroups, Horizon = Horizon };
    }

    /// <summary>As a group has it.</summary>
    public AccessList WithMembers(IReadOnlyList<string>? members, ServerTimestamp since) =>
        new(entries) { Members = members, Since = since, ForeignGroups = ForeignGroups, Horizon = Horizon };

    /// <summary>As a bucket has it.</summary>
    public AccessList WithForeignGroups(IEnumerable<string> groups) =>
        new(entries) { Members = Members, Since = Since, ForeignGroups = [.. groups.Distinct(StringComparer.Ordinal)], Horizon = Horizon };

    /// <summary>As a bucket has it.</summary>
    public AccessList WithHorizon(ServerTimestamp horizon) =>
        new(entries) { Members = Members, Since = Since, ForeignGroups = ForeignGroups, Horizon = horizon };

    /// <summary>Only who may do what, without what the server keeps beside that.</summary>
    public AccessList OnlyPermissions() => new(entries);

    /// <param name="stored">What <see cref="ToBytes"/> gave; null for no list.</param>
    public static AccessList? Read(ReadOnlyMemory<byte>? stored)
    {
        // 0.1.0 wrote an empty one where there is none.
        if (stored is not { Length: > 0 } text)
        {
            return null;
        }

        var read = new string[Count][];
        string[]? members = null;
        string[] foreign = [];
        var (since, horizon) = (ServerTimestamp.Zero, ServerTimestamp.Zero);
        using var document = JsonDocument.Parse(text);
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
