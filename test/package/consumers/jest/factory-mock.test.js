const mockSend = jest.fn();
jest.mock("@aws-sdk/client-sts", () => ({
  STSClient: jest.fn(() => ({ send: mockSend })),
  AssumeRoleCommand: jest.fn((input) => ({ input })),
}));
const { createCredentialResolver } = require("aws-rolecall");
const { answerFor, instance } = require("./auditor.js");

let resolver;
beforeEach(() => {
  resolver = createCredentialResolver();
});
afterEach(() => resolver.close());

test("a mock by a factory answers as an injected client does", async () => {
  mockSend.mockImplementation(async ({ input }) => answerFor(input));

  await expect(resolver.resolve(instance)).resolves.toMatchObject({ accessKeyId: "ASIAEXAMPLEEXAMPLE00" });
  expect(mockSend.mock.calls[0][0].input).toMatchObject({ RoleArn: instance.roleArn });
});

test("what the factory leaves out is named", async () => {
  mockSend.mockImplementation(async ({ input }) => answerFor(input));

  await expect(resolver.verify(instance)).rejects.toMatchObject({
    code: "INVALID_REQUEST",
    field: "GetCallerIdentityCommand of @aws-sdk/client-sts",
  });
});

test("one key set for all, with a new expiration, is no reason to wait under fake timers", async () => {
  jest.useFakeTimers();
  mockSend.mockImplementation(async ({ input }) => answerFor(input));
  await resolver.resolve(instance);
  const asked = mockSend.mock.calls.length;
  jest.advanceTimersByTime(3_601_000);

  await expect(resolver.resolve(instance)).resolves.toMatchObject({ accessKeyId: "ASIAEXAMPLEEXAMPLE00" });
  expect(mockSend.mock.calls.length).toBe(asked + 1);
  jest.useRealTimers();
});
