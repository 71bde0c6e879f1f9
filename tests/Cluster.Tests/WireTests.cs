using System.Reflection;
using System.Text;
using Lockstep.Core.Buckets;
using Lockstep.Core.Lists;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Patches;
using Lockstep.Core.Permissions;
using Lockstep.Core.Records;
using Lockstep.Core.Time;
using Lockstep.Gateway.Kinto;
using Lockstep.Grains;
using Lockstep.Grains.Wire;
using Lockstep.Grains.Wire.Former;
using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.Serialization;

namespace Lockstep.Cluster.Tests;

/// <summary>What crosses between processes: nothing is lost, and two versions understand each other.</summary>
public sealed class WireTests
{
    private static readonly ObjectRef Target = ObjectRef.Record("tasks", "a");

    private static readonly StoredRecord Record = new()
    {
        Id = "a", Modified = new(5), Body = "{}"u8.ToArray(), Author = "account:alice", Acl = "[]"u8.ToArray(), SortIndex = -1, Expiry = new(9),
    };

    private static readonly ListQuery Query = new()
    {
        Since = new(1), After = new(2), Before = new(3), Deleted = true, Ids = ["a"], ExcludedIds = ["b", "c"],
        Sort = [new SortField("x.y", true), new SortField("id", false)], Limit = 7, MaxBytes = 8,
        Cursor = new PageCursor(new(4), "d", new(6), "[[1]]") { SortIndex = -5 }, Projection = Projection.Listed, HeaviestFirst = true,
        Fields = [new FieldFilter("a.b", FieldTest.AtMost, "\"x\""), new FieldFilter("n", FieldTest.In, "[1,2]")],
    };

    private static AccessChange Access { get; } = new(
        [new AccessEdit(AccessEditKind.Set, Right.Read, []), new AccessEdit(AccessEditKind.Add, Right.CreateRecords, ["account:bob#9", "/buckets/b/groups/g"])]) { Accounts = ["a:b"] };

    private static readonly BucketRequest Request = new(default, [new ReadRecord(Target)]);

    public static TheoryData<Operation> Operations =>
    [
        new ReadRecord(Target),
        new PutRecord(Target, "1"u8.ToArray(), new ServerTimestamp(7)),
        new PutRecord(Target, Body: null),
        new CreateRecord(Target, "2"u8.ToArray(), new ServerTimestamp(8)),
        new CreateRecord(Target, "2"u8.ToArray()) { HasGeneratedId = true },
        new CreateRecord(Target, "2"u8.ToArray())
        {
            HasGeneratedId = true,
            Precondition = new Precondition(PreconditionScope.Record, PreconditionTest.Match, new(3))
            {
                SecondTest = PreconditionTest.NoneMatch, SecondValue = new(4),
            },
        },
        new PutRecord(Target, Body: null) { Access = Access, IsRestored = true },
        new CreateRecord(ObjectRef.Group("g"), "2"u8.ToArray()) { Access = new AccessChange([]) { Accounts = ["account:bob#9"] } },
        new PatchRecord(Target, PatchKind.Shallow, "3"u8.ToArray()) { Access = Access },
        new PatchRecord(ObjectRef.Bucket, PatchKind.Merge, "3"u8.ToArray(), 99) { ReturnsPrevious = true },
        new PatchRecord(Target, PatchKind.Operations, "4"u8.ToArray(), 99, "deleted") { Precondition = new Precondition(PreconditionScope.Record, PreconditionTest.MustExist) },
        new DeleteRecord(ObjectRef.Collection("tasks"), new ServerTimestamp(9)),
        new ListRecords(ListRef.Collections, Query),
        new ListRecords(ListRef.Collections, Query) { AlsoFor = [new OtherReader("account:bob", 8, new(6), IsOwn: false), default] },
        new CountRecords(ListRef.RecordsOf("tasks"), new ListQuery { Limit = 1 }),
        new MergeRecords(ListRef.RecordsOf("tasks"), [new RecordChange("a") { Body = "1"u8.ToArray(), SortIndex = -3, Lifetime = 60 }, new RecordChange("b")])
        {
            Upload = "u", Quota = 77, Precondition = new Precondition(PreconditionScope.List, PreconditionTest.UnmodifiedSince, new(3)),
        },
        new StageChanges(ListRef.RecordsOf("tasks"), "u", [new RecordChange("a") { Lifetime = 0 }]) { Opens = true, MaxRecords = 5, MaxBytes = 6 },
        new ReadLists(Exact: true) { Precondition = new Precondition(PreconditionScope.Bucket, PreconditionTest.ModifiedSince, new(3)) },
        new ReadAsOf(ListRef.RecordsOf("tasks"), new(5)) { AfterId = "a", Id = "b", OnlyChanged = true, Limit = 3, MaxBytes = 4 },
        new ReadFieldIndexes(ListRef.RecordsOf("tasks")),
        new AttachFile(Target, "{}"u8.ToArray(), 99) { File = "f", FileBytes = 5_000_000_000, Until = new(7), Precondition = new Precondition(PreconditionScope.Record, PreconditionTest.Match, new(3)) },
        new AttachFile(Target, "{}"u8.ToArray(), 99),
        new ReleaseFile(ListRef.FilesOf("tasks"), "f", "r"),
        new ExpireRecords(ListRef.Upload("tasks", "u"), 500),
        new PurgeTombstones(ListRef.RecordsOf("tasks"), new(4), 500),
        new DeleteRecords(ListRef.RecordsOf("tasks"), Query) { Precondition = new Precondition(PreconditionScope.List, PreconditionTest.Match, new(3)) },
    ];

    public static TheoryData<Outcome> Outcomes =>
    [
        new CountFound(3, new(4)),
        Forbidden.Instance,
        new Invalid(InvalidReason.TooManyPrincipals, 7),
        new Invalid(InvalidReason.PatchFailed, Detail: "no"),
        new Refused("body", "data", "no"),
        new Refused("body", Field: null, "no"),
        new Core.Outcomes.Missing(Target),
        new NotModified(new(4)),
        new PageFound([Record, StoredRecord.Tombstone("b", new(6), author: null)], new(6), Query.Cursor),
        new PageFound([], new(6), Next: null) { Total = 12 },
        new PageFound([], new(6), Next: null) { SameFor = [0, 3], IsSettled = true, SettledTo = new(5) },
        new ParentMissing(Target),
        new PreconditionFailed(Record, new(7)),
        new PreconditionFailed(Existing: null, new(7)),
        new RecordDeleted(StoredRecord.Tombstone("b", new(6), "account:alice")),
        new RecordFound(Record),
        new RecordKept(Record),
        new RecordWritten(Record, Created: false) { Previous = Record },
        new RecordWritten(Record, Created: true),
        new RecordWritten(Record, Created: true) { QuotaLeft = new(7, null) },
        new RecordsDeleted([StoredRecord.Tombstone("b", new(6), "account:alice")], new(6), Next: null),
        AccountClosed.Instance,
        new ChangesStaged(new(8)),
        new RecordsMerged(new(8)),
        new RecordsMerged(new(8), QuotaLeft: 7),
        new FieldIndexesFound([new FieldIndexProgress("a.b", 7, IsUsable: false), new FieldIndexProgress("n", 9, IsUsable: true)], 9),
        new ListsFound([new ListSummary("tasks", new(8), 2, 3), new ListSummary("notes", new(9), 0, 0)], new(9)),
        OverQuota.Instance,
        new OverQuota("The bucket may hold 7 bytes."),
        new TooLarge("large"),
        Unavailable.FateUnknown,
    ];

    [Theory]
    [MemberData(nameof(Operations), DisableDiscoveryEnumeration = true)]
    public void Operation_ThereAndBack_IsTheSame(Operation operation)
    {
        var alice = new PrincipalSet("account:alice") { Account = new AccountRef(7, new(5)) };
        var request = new BucketRequest(new Caller(alice, BucketAccess.Own), [operation]);

        var back = Transport(BucketRequestSurrogate.From(new Sending(request))).ToRequest();

        Assert.Equal(request.Caller, back.Caller);
        Assert.Equal(Describe(operation), Describe(Assert.Single(back.Operations)));
    }

    [Theory]
    [MemberData(nameof(Outcomes), DisableDiscoveryEnumeration = true)]
    public void Outcome_ThereAndBack_IsTheSame(Outcome outcome)
    {
        var request = new BucketRequest(default, [new ReadRecord(Target)]);
        var back = Transport(BucketResponseSurrogate.From(new BucketResponse([outcome], ClockLeads: true), request)).ToResponse(request);

        Assert.True(back.ClockLeads);
        Assert.Equal(Describe(outcome), Describe(Assert.Single(back.Outcomes)));
    }

    public static TheoryData<Operation> BodySenders =>
    [
        new PutRecord(Target, new byte[100_000]),
        new CreateRecord(Target, new byte[100_000]),
    ];

    /// <summary>Who sent a body has it.</summary>
    [Theory]
    [MemberData(nameof(BodySenders), DisableDiscoveryEnumeration = true)]
    public void Written_ToWhoSentTheBody_ComesWithoutIt_AndIsWholeThere(Operation operation)
    {
        var request = new BucketRequest(default, [operation]);
        var written = new RecordWritten(Record with { Body = operation.SentBody!.Value }, Created: true);
        using var services = new ServiceCollection().AddSerializer().BuildServiceProvider();
        var serializer = services.GetRequiredService<Serializer>();

        var bytes = serializer.SerializeToArray(BucketResponseSurrogate.From(new BucketResponse([written]), request));
        var back = serializer.Deserialize<BucketResponseSurrogate>(bytes)!.ToResponse(request);

        Assert.InRange(bytes.Length, 1, 300);
        Assert.Equal(Describe(written), Describe(Assert.Single(back.Outcomes)));
    }

    /// <summary>0.1.0 tells by the former record whether there was one, and after a patch shows what has changed.</summary>
    [Fact]
    public void Written_InTheFormerForm_HasTheBody_AndSaysWhetherItWasThere()
    {
        var request = new BucketRequest(new Caller(new("account:alice"), BucketAccess.Own), [new PutRecord(Target, "1"u8.ToArray())]);
        BucketResponse response = new([new RecordWritten(Record, Created: true), new RecordWritten(Record, Created: false), new RecordWritten(Record, Created: false) { Previous = Record }]);

        var asked = Transport(RequestWire.From(new Sending(request), BucketId.DefaultBucket("a")));
        var sent = Transport(ResponseWire.From(response));

        Assert.Equal((true, "account:alice"), (asked.IsDefaultBucket, asked.Principal));
        Assert.Equal(request.Caller, asked.ToRequest().Caller);
        Assert.Equal([null, "{}", "{}"], sent.Outcomes.Select(outcome => outcome.Previous is { IsTombstone: false } previous ? Encoding.UTF8.GetString(previous.Body) : null));
        Assert.All(sent.Outcomes, outcome => Assert.Equal(Record.Body.ToArray(), outcome.Record!.Body));
        Assert.Equal([true, false, false], sent.ToResponse().Outcomes.Select(outcome => ((RecordWritten)outcome).Created));
        Assert.True(Assert.IsType<PatchRecord>(OperationWire.From(new PatchRecord(Target, PatchKind.Merge, "{}"u8.ToArray())).ToOperation()).ReturnsPrevious);
    }

    public static TheoryData<InvalidReason> Reasons => [.. Enum.GetValues<InvalidReason>().Where(static reason => reason != InvalidReason.Unknown)];

    /// <summary>Gateways up to 0.2.0 answer the words as they come; the answer must not depend on which gateway gives it.</summary>
    [Theory]
    [MemberData(nameof(Reasons))]
    public void Invalid_ForAnyReason_CarriesTheWordsOfTheProtocol_InBothForms(InvalidReason reason)
    {
        var invalid = new Invalid(reason, Figure: 12_345, Detail: "x");
        var words = KintoFaults.Of(invalid);

        var sent = Assert.IsType<InvalidSurrogate>(Transport(BucketResponseSurrogate.From(new BucketResponse([invalid]), Request)).Outcomes[0]);

        Assert.Equal(words, new Refused(sent.Location, sent.Field, sent.Reason));
        Assert.Equal(words, Assert.Single(Transport(ResponseWire.From(new BucketResponse([invalid]))).ToResponse().Outcomes));
    }

    /// <summary>As a silo of 0.2.0 sends it, and one that has a reason which is not known here.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(255)]
    public void Invalid_ForAReasonThatIsNotKnown_IsToldInTheWordsThatCame(byte code)
    {
        var sent = new InvalidSurrogate { Location = "body", Field = "data", Reason = "no", Code = (InvalidReason)code, Figure = 7 };

        Assert.Equal(new Refused("body", "data", "no"), Transport(sent).ToOutcome(new ReadRecord(Target)));
    }

    [Fact]
    public void Files_HaveNoFormerForm()
    {
        Assert.Throws<NotSupportedException>(() => OperationWire.From(new AttachFile(Target, "{}"u8.ToArray(), 99)));
        Assert.Throws<NotSupportedException>(() => OperationWire.From(new ReleaseFile(ListRef.FilesOf("tasks"), "f", "r")));
    }

    [Fact]
    public void Callers_InTheFormerForm_AreWhatVersion010MadeOfThem()
    {
        Assert.Equal(("system.flush", true), Former(Caller.System, BucketId.Named("b")));
        Assert.Equal(("account:alice", true), Former(new(new("account:alice"), BucketAccess.System), BucketId.DefaultBucket("a")));
        Assert.Equal(("account:alice", false), Former(new(new("account:alice"), BucketAccess.System), BucketId.Named("b")));
        Assert.Equal(("account:alice", false), Former(new(new("account:alice"), BucketAccess.ByAcl), BucketId.Named("b")));

        static (string, bool) Former(Caller caller, BucketId id)
        {
            var wire = RequestWire.From(new Sending(new BucketRequest(caller, [new DeleteRecord(ObjectRef.Bucket)])), id);
            return (wire.Principal, wire.IsDefaultBucket);
        }
    }

    [Fact]
    public void EveryOperationAndOutcome_IsTried()
    {
        Assert.Equal(Concrete<Operation>(), Types(Operations));
        Assert.Equal(Concrete<Outcome>(), Types(Outcomes));
    }

    /// <summary>
    /// Names and numbers on the wire are for ever: a silo of the last version must read what one of this version sends. A
    /// change here is right only if it adds.
    /// </summary>
    [Fact]
    public void Wire_IsWhatWasApproved()
    {
        var assembly = typeof(RequestWire).Assembly;
        var text = new StringBuilder();
        var wire = assembly.GetTypes().Where(type => type.GetCustomAttribute<GenerateSerializerAttribute>() is not null).OrderBy(type => type.Name, StringComparer.Ordinal).ToList();
        var grains = assembly.GetTypes().Where(type => type.IsInterface && typeof(IGrain).IsAssignableFrom(type)).OrderBy(type => type.Name, StringComparer.Ordinal).ToList();
        var enums = wire.SelectMany(type => type.GetProperties(), (_, property) => property.PropertyType)
            .Concat(grains.SelectMany(type => type.GetMethods()).SelectMany(method => method.GetParameters(), (_, parameter) => parameter.ParameterType))
            .Select(type => type.GetElementType() ?? type)
            .Where(type => type.IsEnum).Distinct();
        foreach (var type in enums.OrderBy(type => type.Name, StringComparer.Ordinal))
        {
            text.Append(type.Name).AppendLine(":").AppendJoin('\n', Enum.GetValues(type).Cast<object>().Select(value => $"  {Convert.ToInt32(value)} {value}")).AppendLine();
        }

        foreach (var type in wire)
        {
            var parent = type.BaseType!.GetCustomAttribute<AliasAttribute>(inherit: false) is { } alias ? $" ({alias.Alias})" : "";
            text.AppendLine($"{type.GetCustomAttribute<AliasAttribute>(inherit: false)!.Alias}{parent}:");
            foreach (var member in type.GetProperties(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly).OrderBy(property => property.GetCustomAttribute<IdAttribute>()?.Id))
            {
                text.AppendLine($"  {member.GetCustomAttribute<IdAttribute>()!.Id} {member.Name} {TypeName(member.PropertyType)}");
            }
        }

        foreach (var type in grains)
        {
            text.AppendLine($"{type.GetCustomAttribute<AliasAttribute>(inherit: false)!.Alias}:");
            foreach (var method in type.GetMethods())
            {
                text.AppendLine($"  {method.GetCustomAttribute<AliasAttribute>()!.Alias}({string.Join(", ", method.GetParameters().Select(parameter => TypeName(parameter.ParameterType)))}) {TypeName(method.ReturnType)}");
            }
        }

        using var approved = new StreamReader(typeof(WireTests).Assembly.GetManifestResourceStream("Lockstep.Cluster.Tests.Wire.approved.txt")!);
        Assert.Equal(approved.ReadToEnd().ReplaceLineEndings("\n"), text.ToString().ReplaceLineEndings("\n"));
    }

    /// <summary>Orleans sends again what was under way when a connection broke. The other side may have read and executed it.</summary>
    [Fact]
    public void Write_SentTwice_IsRefused_AReadIsNot_NorWhatASiloPassesOn()
    {
        using var services = new ServiceCollection().AddSerializer().BuildServiceProvider();
        var serializer = services.GetRequiredService<Serializer>();
        var caller = new Caller(new("account:alice"), BucketAccess.Own);
        var write = BucketRequestSurrogate.From(new Sending(new BucketRequest(caller, [new DeleteRecord(Target)])));
        var read = BucketRequestSurrogate.From(new Sending(new BucketRequest(caller, [new ReadRecord(Target)])));

        var passedOn = serializer.Deserialize<BucketRequestSurrogate>(serializer.SerializeToArray(write))!;
        Assert.Throws<SentTwiceException>(() => serializer.SerializeToArray(write));
        Assert.Equal(serializer.SerializeToArray(read), serializer.SerializeToArray(read));
        Assert.Equal(serializer.SerializeToArray(passedOn), serializer.SerializeToArray(passedOn));
    }

    [Fact]
    public void Grains_ReferenceCoreAndOrleansOnly() => Assert.Equal(
        ["Lockstep.Core"],
        typeof(IBucketGrain).Assembly.GetReferencedAssemblies().Select(name => name.Name!)
            .Where(name => !name.StartsWith("System.", StringComparison.Ordinal) && !name.StartsWith("Microsoft.", StringComparison.Ordinal)
                && !name.StartsWith("Orleans.", StringComparison.Ordinal)));

    private static string TypeName(Type type) =>
        Nullable.GetUnderlyingType(type) is { } value ? $"{TypeName(value)}?"
        : type.IsGenericType ? $"{type.Name.Split('`')[0]}<{string.Join(", ", type.GetGenericArguments().Select(TypeName))}>"
        : type.Name;

    private static IEnumerable<Type> Types(IEnumerable<object[]> rows) =>
        rows.Select(row => row[0].GetType()).Distinct().OrderBy(type => type.Name, StringComparer.Ordinal);

    // What is internal an owner asks of itself.
    private static IEnumerable<Type> Concrete<T>() =>
        typeof(T).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(T)) && type is { IsAbstract: false, IsPublic: true }).OrderBy(type => type.Name, StringComparer.Ordinal);

    private static T Transport<T>(T value)
    {
        using var services = new ServiceCollection().AddSerializer().BuildServiceProvider();
        var serializer = services.GetRequiredService<Serializer>();
        return serializer.Deserialize<T>(serializer.SerializeToArray(value))!;
    }

    /// <summary>All members, lists and bytes too, which records do not compare by content.</summary>
    private static string Describe(object? value) => value switch
    {
        null => "null",
        ReadOnlyMemory<byte> bytes => Convert.ToHexString(bytes.Span),
        string text => $"'{text}'",
        System.Collections.IEnumerable list => $"[{string.Join(", ", list.Cast<object>().Select(Describe))}]",
        _ when value.GetType().Namespace!.StartsWith("Lockstep", StringComparison.Ordinal) && !value.GetType().IsEnum =>
            $"{value.GetType().Name}({string.Join(", ", value.GetType().GetProperties().Where(property => property.GetIndexParameters().Length == 0 && !property.GetMethod!.IsStatic).OrderBy(property => property.Name, StringComparer.Ordinal).Select(property => $"{property.Name}={Describe(property.GetValue(value))}"))})",
        _ => $"{value}",
    };
}
