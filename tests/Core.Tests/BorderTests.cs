using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using ArchUnitNET.Domain;
using ArchUnitNET.Fluent;
using ArchUnitNET.Fluent.Slices;
using ArchUnitNET.Loader;
using ArchUnitNET.xUnit;
using Lockstep.Core.Buckets;
using Lockstep.Core.Owner;
using Lockstep.Core.Storage;
using Lockstep.Gateway.Pipeline;
using Lockstep.Import.Kinto;
using Lockstep.Import.ServerFull;
using Lockstep.Import.SyncStorage;
using Lockstep.Interchange;
using Lockstep.Storage.PostgreSql;
using Lockstep.Storage.S3;
using Lockstep.Storage.Sqlite;
using Lockstep.Storage.Upkeep;
using Mono.Cecil;
using Mono.Cecil.Cil;
using static ArchUnitNET.Fluent.ArchRuleDefinition;
using Assembly = System.Reflection.Assembly;
using Type = System.Type;

namespace Lockstep.Core.Tests;

/// <summary>
/// Who may know whom, by namespace and by project, so that a wrong <c>using</c> fails here and not in a review. What the
/// program references is found, not listed: a new protocol is held to the same borders.
/// </summary>
public sealed partial class BorderTests
{
    private const string Databases = @"Npgsql|Microsoft\.Data";
    private const string Hosts = @"Lockstep\.(Storage|Grains|Silo)|Orleans|OpenTelemetry";

    // Hashes of passwords, codes of second factors, and mail.
    private static readonly string[] OfAccounts = ["Konscious.Security.Cryptography.Argon2", "MailKit", "MimeKit", "Otp.NET"];

    // The page of the API.
    private const string OfKinto = "Scalar.AspNetCore";

    private static readonly Assembly[] Shipped = [.. ReferencedBy(typeof(Program).Assembly).Where(IsOurs).Select(Assembly.Load), typeof(Program).Assembly];

    private static readonly Architecture Architecture = new ArchLoader().LoadAssemblies(Shipped).Build();

    private static readonly string[] ProtocolNames =
        [.. Shipped.Select(NameOf).Where(name => name.StartsWith("Lockstep.Gateway.", StringComparison.Ordinal))];

    public static TheoryData<string> Protocols => [.. ProtocolNames];

    /// <summary>The one protocol that is a view of another's data, and the other.</summary>
    private const string View = "Lockstep.Gateway.Syncto";
    private const string Viewed = "Lockstep.Gateway.Sync15";

    [Fact]
    public void Program_HasAllTheRooms() => Assert.Superset(
        new HashSet<string>(["Lockstep.Core", "Lockstep.Gateway", "Lockstep.Gateway.Console", "Lockstep.Gateway.FirefoxAccounts", "Lockstep.Gateway.Kinto", "Lockstep.Gateway.Sync11", "Lockstep.Gateway.Sync15", "Lockstep.Gateway.Syncto", "Lockstep.Grains", "Lockstep.Import.Kinto", "Lockstep.Import.ServerFull", "Lockstep.Import.SyncStorage", "Lockstep.Interchange", "Lockstep.Storage.PostgreSql", "Lockstep.Storage.S3", "Lockstep.Storage.Sqlite", "Lockstep.Storage.Upkeep", "lockstep"]),
        Shipped.Select(NameOf).ToHashSet());

    [Fact]
    public void Core_KnowsNothingButTheFramework()
    {
        Assert.All(ReferencedBy(typeof(InProcessBuckets).Assembly), name => Assert.StartsWith("System.", name, StringComparison.Ordinal));
        Check(In(@"Lockstep\.Core"), $@"Lockstep\.(?!Core)\w|Microsoft\.|{Hosts}|{Databases}");
    }

    /// <summary>What a kind of bucket does has a name in its rules. A scan compares the kind that its caller wants.</summary>
    [Fact]
    public void Core_OutsideOfItsBuckets_NeverAsksForTheKindOfOne() => Assert.Equal(
        [typeof(BucketScan).FullName],
        BodiesOf(typeof(InProcessBuckets).Assembly).Where(static body => !body.Type.StartsWith("Lockstep.Core.Buckets.", StringComparison.Ordinal) && AsksForTheKind(body.Code))
            .Select(static body => body.Type).Distinct());

    [Fact]
    public void Core_InItsTexts_HasNoWordOfAProtocol() => Assert.DoesNotContain(TextsOf(typeof(InProcessBuckets).Assembly), IsOfAProtocol);

    [Fact]
    public void Core_ItsNamespacesKnowEachOtherOneWay() => Holds(SliceRuleDefinition.Slices().Matching("Lockstep.Core.(*)").Should().BeFreeOfCycles());

    [Fact]
    public void Gateway_ItsNamespacesKnowNoProtocolAndNoDatabase()
    {
        Check(In(@"Lockstep\.Gateway\.(Accounts|Audit|Federation|Health|Http|Metering|Pages|Pipeline|Routing|SyncStorage)"), $"{OtherProtocols()}|{Hosts}|{Databases}");
        Assert.Equal(["Lockstep.Core"], OfOursAndOthers(typeof(IProtocolEndpoint).Assembly).Where(static name => !name.StartsWith("Microsoft.IdentityModel.", StringComparison.Ordinal) && name != "BCrypt-Net-Next"));
    }

    [Theory]
    [MemberData(nameof(Protocols))]
    public void Protocol_KnowsGatewayAndCoreAndNoOtherProtocol_ButForTheViewOfOne(string protocol)
    {
        string[] known = protocol == View ? [protocol, Viewed] : [protocol];

        Check(In(protocol.Replace(".", @"\.", StringComparison.Ordinal)), $"{OtherProtocols(known)}|{Hosts}|{Databases}");
        Assert.Equal(
            ["Lockstep.Core", "Lockstep.Gateway", .. known[1..]],
            OfOursAndOthers(Shipped.Single(assembly => NameOf(assembly) == protocol)).Where(static name => !OfAccounts.Contains(name, StringComparer.Ordinal) && name is not OfKinto));
    }

    [Fact]
    public void Grains_KnowCoreAndOrleansOnly() => Check(In(@"Lockstep\.Grains"), $@"Lockstep\.(Gateway|Storage|Silo)|Microsoft\.AspNetCore|{Databases}");

    [Theory]
    [InlineData(typeof(SqliteDatabase), "Microsoft.Data.Sqlite")]
    [InlineData(typeof(PostgresDatabase), "Npgsql")]
    public void Storage_KnowsCoreAndItsDriverOnly(Type engine, string driver)
    {
        // A driver may be of two parts.
        Assert.Equal(["Lockstep.Core", driver], OfOursAndOthers(engine.Assembly).Where(static name => name is not "SQLitePCLRaw.core"));
        Check(In(NameOf(engine.Assembly).Replace(".", @"\.", StringComparison.Ordinal)), @"Lockstep\.(Gateway|Grains|Silo)|Microsoft\.AspNetCore|Orleans");
    }

    [Fact]
    public void Upkeep_KnowsCoreOnly() => Assert.Equal(["Lockstep.Core"], OfOursAndOthers(typeof(UpkeepDatabase).Assembly));

    [Fact]
    public void StorageOfObjects_KnowsCoreAndItsClientOnly_AndNobodyElseKnowsThat()
    {
        Assert.Equal(["AWSSDK.Core", "AWSSDK.S3", "Lockstep.Core"], OfOursAndOthers(typeof(S3Content).Assembly));
        Check(Types().That().ResideInNamespaceMatching("^Lockstep").And().DoNotResideInNamespaceMatching(@"^Lockstep\.Storage\.S3(\.|$)"), @"Amazon\.(S3|Runtime)");
    }

    [Fact]
    public void Import_KnowsCoreAndItsDriversOnly_AndNobodyElseKnowsThatOfMySql()
    {
        Assert.Equal(["Lockstep.Core", "Microsoft.Data.Sqlite", "MySqlConnector"], OfOursAndOthers(typeof(ServerFullImport).Assembly));
        Assert.Equal(["Lockstep.Core", "Npgsql"], OfOursAndOthers(typeof(KintoImport).Assembly));
        Assert.Equal(["Lockstep.Core", "MySqlConnector", "Npgsql"], OfOursAndOthers(typeof(SyncStorageImport).Assembly));
        Check(Types().That().ResideInNamespaceMatching("^Lockstep").And().DoNotResideInNamespaceMatching(@"^Lockstep\.Import(\.|$)"), "MySqlConnector");
    }

    [Fact]
    public void Interchange_KnowsCoreOnly()
    {
        Assert.Equal(["Lockstep.Core"], OfOursAndOthers(typeof(StoreExport).Assembly));
        Check(In(@"Lockstep\.Interchange"), $@"Lockstep\.(Gateway|Storage|Grains|Silo|Import)|Microsoft\.AspNetCore|Orleans|{Databases}");
    }

    [Fact]
    public void Internals_AreShownToTestsOnly()
    {
        var shipped = Shipped.Select(NameOf).ToHashSet(StringComparer.OrdinalIgnoreCase);

        Assert.All(Shipped, assembly => Assert.DoesNotContain(
            assembly.GetCustomAttributes<InternalsVisibleToAttribute>(), friend => shipped.Contains(friend.AssemblyName.Split(',')[0])));
    }

    [Fact]
    public void OpenTelemetry_IsKnownToOneRoomOnly() =>
        Check(Types().That().ResideInNamespaceMatching("^Lockstep").And().DoNotResideInNamespaceMatching(@"^Lockstep\.Silo\.Telemetry(\.|$)"), "OpenTelemetry");

    [Fact]
    public void AccessTokens_AreKnownToOneRoomOnly() => Check(
        Types().That().ResideInNamespaceMatching("^Lockstep").And().DoNotResideInNamespaceMatching(@"^Lockstep\.Gateway\.Federation(\.|$)"),
        @"Microsoft\.IdentityModel");

    [Fact]
    public void PasswordHashesSecondFactorsAndMail_AreKnownToOneRoomOnly() => Check(
        Types().That().ResideInNamespaceMatching("^Lockstep").And().DoNotResideInNamespaceMatching(@"^Lockstep\.Gateway\.FirefoxAccounts(\.|$)"),
        "Konscious|MailKit|MimeKit|OtpNet");

    [Fact]
    public void HashesOfBcrypt_AreKnownToOneRoomOnly() => Check(
        Types().That().ResideInNamespaceMatching("^Lockstep").And().DoNotResideInNamespaceMatching(@"^Lockstep\.Gateway\.Accounts(\.|$)"),
        @"BCrypt\.");

    [Fact]
    public void PageOfTheApi_IsKnownToOneRoomOnly() =>
        Check(Types().That().ResideInNamespaceMatching("^Lockstep").And().DoNotResideInNamespaceMatching(@"^Lockstep\.Gateway\.Kinto\.OpenApi(\.|$)"), "Scalar");

    [Fact]
    public void Border_ThatIsCrossed_IsSeen()
    {
        Assert.False(Rule(In(@"Lockstep\.Gateway\.Kinto"), @"Lockstep\.Core\.Operations").HasNoViolations(Architecture));
        Assert.False(Rule(In(@"Lockstep\.Silo"), @"Lockstep\.Gateway\.Kinto").HasNoViolations(Architecture));
        Assert.False(Rule(In(@"Lockstep\.Storage\.Sqlite"), Databases).HasNoViolations(Architecture));
        Assert.Contains(BodiesOf(typeof(BorderTests).Assembly), static body => body.Type == typeof(Knot.Asker).FullName && AsksForTheKind(body.Code));
        Assert.Contains(TextsOf(Shipped.Single(static assembly => NameOf(assembly) == "Lockstep.Gateway.Kinto")), IsOfAProtocol);
        var own = new ArchLoader().LoadAssembly(typeof(BorderTests).Assembly).Build();
        Assert.False(SliceRuleDefinition.Slices().Matching("Lockstep.Core.Tests.Knot.(*)").Should().BeFreeOfCycles().HasNoViolations(own));
    }

    /// <summary>The code of each method, with the type that it was written in, also where the compiler has moved it elsewhere.</summary>
    private static List<(string Type, IReadOnlyList<Instruction> Code)> BodiesOf(Assembly assembly)
    {
        using var module = ModuleDefinition.ReadModule(assembly.Location);
        return
        [
            .. module.GetTypes().SelectMany(static type => type.Methods).Where(static method => method.HasBody)
                .Select(static method => (OutermostOf(method.DeclaringType).FullName, (IReadOnlyList<Instruction>)[.. method.Body.Instructions])),
        ];

        static TypeDefinition OutermostOf(TypeDefinition type) => type.DeclaringType is { } outer ? OutermostOf(outer) : type;
    }

    private static bool AsksForTheKind(IEnumerable<Instruction> code) => code.Any(static instruction =>
        instruction.Operand is MethodReference called && (called.DeclaringType.FullName, called.Name) is
            ("Lockstep.Core.Buckets.BucketId", "get_Kind" or "get_IsDefaultBucket") or ("Lockstep.Core.Buckets.BucketRules", "Of"));

    private static IEnumerable<string> TextsOf(Assembly assembly) =>
        BodiesOf(assembly).SelectMany(static body => body.Code).Where(static instruction => instruction.OpCode == OpCodes.Ldstr).Select(static instruction => (string)instruction.Operand);

    private static bool IsOfAProtocol(string text) => WordOfAProtocol().IsMatch(text);

    // Its name, what it calls a place in a request, a parameter, a header.
    [GeneratedRegex(@"kinto|firefox|weave|\bbatch\b|querystring|^(body|header)$|^data\.|^_[a-z]|\bhttps?\b|^(etag|if-|x-)", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture)]
    private static partial Regex WordOfAProtocol();

    private static IObjectProvider<IType> In(string name) => Types().That().ResideInNamespaceMatching($@"^{name}(\.|$)");

    private static IArchRule Rule(IObjectProvider<IType> room, string forbidden) =>
        Types().That().Are(room).Should().NotDependOnAny(Types(includeReferenced: true).That().ResideInNamespaceMatching($@"^({forbidden})"));

    private static void Check(IObjectProvider<IType> room, string forbidden)
    {
        Assert.NotEmpty(room.GetObjects(Architecture));
        Holds(Rule(room, forbidden));
    }

    private static void Holds(IArchRule rule) => rule.Check(Architecture);

    /// <summary>A pattern of the namespaces of all protocols but those.</summary>
    private static string OtherProtocols(params string[] known) =>
        $@"({string.Join('|', ProtocolNames.Where(name => !known.Contains(name, StringComparer.Ordinal)).DefaultIfEmpty("None").Select(name => name.Replace(".", @"\.", StringComparison.Ordinal)))})(\.|$)";

    private static string NameOf(Assembly assembly) => assembly.GetName().Name!;

    private static IEnumerable<string> ReferencedBy(Assembly assembly) => assembly.GetReferencedAssemblies().Select(name => name.Name!);

    private static bool IsOurs(string name) => name.StartsWith("Lockstep.", StringComparison.Ordinal);

    /// <summary>What an assembly references besides the framework.</summary>
    private static IEnumerable<string> OfOursAndOthers(Assembly assembly) => ReferencedBy(assembly)
        .Where(name => !name.StartsWith("System.", StringComparison.Ordinal)
            && !name.StartsWith("Microsoft.Extensions.", StringComparison.Ordinal) && !name.StartsWith("Microsoft.AspNetCore.", StringComparison.Ordinal)
            && name is not "Microsoft.Net.Http.Headers")
        .Order(StringComparer.Ordinal);
}
